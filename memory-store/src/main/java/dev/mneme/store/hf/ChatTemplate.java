package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.store.files.RegularFiles;
import dev.mneme.store.json.JsonValue;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Finds a folder's chat template where the transformers library writes it: since 2025 in a file of
 * its own, which goes first, before that among the tokenizer's settings.
 */
final class ChatTemplate {

  private static final String FILE = "chat_template.jinja";

  /** Templates have some kilobytes. */
  private static final long MOST_BYTES = 4L << 20;

  private ChatTemplate() {}

  static Optional<String> read(Path directory, Optional<JsonValue> settings) {
    Path file = directory.resolve(FILE);
    if (RegularFiles.exists(file)) {
      return Optional.of(text(file));
    }
    return settings
        .flatMap(s -> s.find("chat_template"))
        .flatMap(value -> value.isArray() ? standard(value) : Optional.of(value.string()));
  }

  /** Of several templates, each with its name, the one for conversations without tools. */
  private static Optional<String> standard(JsonValue templates) {
    return templates.elements().stream()
        .filter(template -> template.get("name").string().equals("default"))
        .map(template -> template.get("template").string())
        .findFirst();
  }

  private static String text(Path file) {
    byte[] bytes = RegularFiles.read(file, MOST_BYTES);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new MalformedFileException(file + ": a chat template must be UTF-8, this is not", e);
    }
  }
}

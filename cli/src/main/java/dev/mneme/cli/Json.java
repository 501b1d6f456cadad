package dev.mneme.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MemoryUse;
import dev.mneme.PrintableText;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** JSON for machines: what the commands share of it. */
final class Json {

  private static final ObjectMapper MAPPER =
      new ObjectMapper(new JsonFactory().setCharacterEscapes(new VisibleOnly()));

  /** Escapes what {@link PrintableText} escapes: JSON may go to a terminal, too. */
  private static final class VisibleOnly extends CharacterEscapes {
    private static final long serialVersionUID = 1L;

    @Override
    public int[] getEscapeCodesForAscii() {
      int[] escapes = standardAsciiEscapesForJSON();
      escapes[DELETE] = ESCAPE_STANDARD;
      return escapes;
    }

    @Override
    public @Nullable SerializableString getEscapeSequence(int character) {
      return Character.isSurrogate((char) character) || PrintableText.isVisible(character)
          ? null
          : new SerializedString("\\u%04X".formatted(character));
    }
  }

  private static final int DELETE = 0x7f;

  private Json() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  static String write(ObjectNode node) {
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values did not serialise", e);
    }
  }

  static ArrayNode memories(List<MemoryUse> uses) {
    ArrayNode array = MAPPER.createArrayNode();
    for (MemoryUse use : uses) {
      ObjectNode node = array.addObject().put("name", use.name()).put("digest", use.digest());
      if (use.lambda() != null) {
        node.put("lambda", use.lambda());
      }
    }
    return array;
  }
}

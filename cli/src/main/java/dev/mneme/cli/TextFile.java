package dev.mneme.cli;

import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Text to evaluate: UTF-8, gzipped if its name says so; blank lines separate documents. */
final class TextFile {

  private TextFile() {}

  /**
   * The documents of a file.
   *
   * @throws MnemeException if it is missing, is not UTF-8 or holds no text
   */
  static List<String> documents(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new MnemeException("no such text file: " + file);
    }
    String text;
    try (InputStream raw = Files.newInputStream(file);
        InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw) {
      text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(in.readAllBytes())).toString();
    } catch (CharacterCodingException e) {
      throw new MnemeException(file + " is not UTF-8 text; convert it first", e);
    } catch (IOException e) {
      throw new MnemeException("cannot read " + file + ": " + FailureText.of(e), e);
    }
    List<String> documents =
        Arrays.stream(text.replace("\r\n", "\n").split("\n{2,}"))
            .map(document -> document.replaceAll("^\n+|\n+$", ""))
            .filter(document -> !document.isBlank())
            .toList();
    if (documents.isEmpty()) {
      throw new MnemeException(file + " holds no text to evaluate");
    }
    return documents;
  }
}

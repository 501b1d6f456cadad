package dev.mneme.cli;

import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.store.files.RegularFiles;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Text that a user keeps in a file: UTF-8, gzipped or not, with or without a byte order mark. */
final class TextFile {

  private static final int GZIP_MAGIC = 0x8B1F;
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private TextFile() {}

  /**
   * The whole text, without a byte order mark.
   *
   * @throws MnemeException if the file is missing, is no regular file or is not UTF-8
   */
  static String read(Path file) {
    try (InputStream in = open(file)) {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(in.readAllBytes())).toString();
      return text.startsWith(BYTE_ORDER_MARK) ? text.substring(BYTE_ORDER_MARK.length()) : text;
    } catch (CharacterCodingException e) {
      throw new MnemeException(file + " is not UTF-8 text; convert it first", e);
    } catch (IOException e) {
      throw new MnemeException("cannot read %s: %s".formatted(file, FailureText.of(e)), e);
    }
  }

  /** What the first bytes say decides, not the name. */
  private static InputStream open(Path file) throws IOException {
    var raw = new BufferedInputStream(RegularFiles.open(file));
    try {
      raw.mark(2);
      int magic = raw.read() | raw.read() << 8;
      raw.reset();
      return magic == GZIP_MAGIC ? new GZIPInputStream(raw) : raw;
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  /**
   * The documents of a file, which blank lines separate.
   *
   * @throws MnemeException as for {@link #read}, or if the file holds no text
   */
  static List<String> documents(Path file) {
    List<String> documents =
        Arrays.stream(read(file).replace("\r\n", "\n").split("\n{2,}"))
            .map(document -> document.replaceAll("^\n+|\n+$", ""))
            .filter(document -> !document.isBlank())
            .toList();
    if (documents.isEmpty()) {
      throw new MnemeException(file + " holds no text to evaluate");
    }
    return documents;
  }
}

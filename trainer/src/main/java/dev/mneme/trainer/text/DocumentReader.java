package dev.mneme.trainer.text;

import com.google.common.base.CharMatcher;
import dev.mneme.FailureText;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.files.RegularFiles;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * The documents of one file, plain or gzip, one after the other: blocks of lines between empty
 * lines. Holds one document at a time. Used by one thread and closed by it.
 */
final class DocumentReader implements Closeable {

  /** Far above any document; a file without empty lines is refused before it fills the heap. */
  private static final int MAX_DOCUMENT_BYTES = 256 << 20;

  private static final CharMatcher LINE_FEED = CharMatcher.is('\n');
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int GZIP_MAGIC = 0x8b1f;
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final Path file;
  private final InputStream in;
  private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int next;
  private int filled;
  private long consumed;
  private int number;

  private DocumentReader(Path file, InputStream in) {
    this.file = file;
    this.in = in;
  }

  /**
   * Opens a file; what it is, its first bytes tell.
   *
   * @throws MnemeException if it is missing or cannot be read
   */
  static DocumentReader open(Path file) {
    try {
      return new DocumentReader(file, unpack(file));
    } catch (IOException e) {
      throw failure(file, e);
    }
  }

  private static InputStream unpack(Path file) throws IOException {
    var raw = new BufferedInputStream(RegularFiles.open(file), BUFFER_BYTES);
    try {
      raw.mark(2);
      int magic = raw.read() | raw.read() << 8;
      raw.reset();
      return magic == GZIP_MAGIC ? new GZIPInputStream(raw, BUFFER_BYTES) : raw;
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  /** The next document's text, or null after the last. */
  @Nullable String next() {
    while (true) {
      long start = consumed;
      byte[] bytes = nextBlock();
      if (bytes == null) {
        return null;
      }
      int skipped = start == 0 && startsWith(bytes, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
      String text = decode(bytes, skipped, start).replace("\r\n", "\n");
      if (!text.isBlank()) {
        number++;
        return LINE_FEED.trimFrom(text);
      }
    }
  }

  /** How many documents have been given. */
  int count() {
    return number;
  }

  /** Bytes to the end of the next empty line, or null at the end of the file. */
  private byte @Nullable [] nextBlock() {
    var block = new ByteArrayOutputStream();
    int lineLength = 0;
    try {
      while (true) {
        if (next == filled) {
          filled = Math.max(0, in.read(buffer));
          next = 0;
          if (filled == 0) {
            return block.size() == 0 ? null : block.toByteArray();
          }
        }
        int from = next;
        boolean ended = false;
        while (next < filled && !ended) {
          byte b = buffer[next++];
          if (b == '\n') {
            ended = lineLength == 0;
            lineLength = 0;
          } else if (b != '\r') {
            lineLength++;
          }
        }
        block.write(buffer, from, next - from);
        consumed += next - from;
        if (ended) {
          return block.toByteArray();
        }
        if (block.size() > MAX_DOCUMENT_BYTES) {
          throw new MalformedFileException(
              "%s: document %d has no end within %d bytes; documents are separated by one empty line"
                  .formatted(file, number + 1, MAX_DOCUMENT_BYTES));
        }
      }
    } catch (IOException e) {
      throw failure(file, e);
    }
  }

  private String decode(byte[] bytes, int from, long start) {
    ByteBuffer encoded = ByteBuffer.wrap(bytes, from, bytes.length - from);
    CharBuffer text = CharBuffer.allocate(bytes.length);
    CoderResult result = decoder.reset().decode(encoded, text, true);
    if (result.isError()) {
      int at = encoded.position();
      throw new MalformedFileException(
          "%s: document %d is not UTF-8: byte 0x%02X at offset %d of the text%s; convert the file to UTF-8"
              .formatted(
                  file,
                  number + 1,
                  bytes[at],
                  start + at,
                  in instanceof GZIPInputStream ? " (unpacked)" : ""));
    }
    return text.flip().toString();
  }

  private static boolean startsWith(byte[] bytes, byte[] prefix) {
    return bytes.length >= prefix.length
        && ByteBuffer.wrap(bytes, 0, prefix.length).equals(ByteBuffer.wrap(prefix));
  }

  private static MnemeException failure(Path file, IOException e) {
    if (e instanceof EOFException || e instanceof ZipException) {
      return new MalformedFileException(
          "%s is a damaged or cut gzip file (%s); get it anew".formatted(file, FailureText.of(e)),
          e);
    }
    return new MnemeException("cannot read %s: %s".formatted(file, e), e);
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw new MnemeException("cannot close %s: %s".formatted(file, e), e);
    }
  }
}

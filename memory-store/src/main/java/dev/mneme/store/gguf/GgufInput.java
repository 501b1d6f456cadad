package dev.mneme.store.gguf;

import com.google.errorprone.annotations.FormatMethod;
import dev.mneme.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Little-endian values from the front of a file. Nothing is allocated for a length before the file
 * is known to have that many bytes left.
 */
final class GgufInput {
  private static final int BUFFER_BYTES = 1 << 16;

  /** Longest string that any real file has reason for, chat templates and merges included. */
  private static final long MAX_STRING_BYTES = 1L << 27;

  private final Path path;
  private final FileChannel channel;
  private final long size;
  private final ByteBuffer buffer =
      ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN).limit(0);
  private long loaded;
  private String place = "the header";

  GgufInput(Path path, FileChannel channel) throws IOException {
    this.path = path;
    this.channel = channel;
    this.size = channel.size();
  }

  Path path() {
    return path;
  }

  long size() {
    return size;
  }

  long position() {
    return loaded - buffer.remaining();
  }

  long remaining() {
    return size - position();
  }

  /** Says where the next values belong, for messages. */
  void enter(String place) {
    this.place = place;
  }

  @FormatMethod
  MalformedFileException malformed(String format, Object... arguments) {
    return new MalformedFileException(
        "%s: %s (in %s, before byte %d)"
            .formatted(path, String.format(Locale.ROOT, format, arguments), place, position()));
  }

  int readInt() throws IOException {
    return require(Integer.BYTES).getInt();
  }

  long readLong() throws IOException {
    return require(Long.BYTES).getLong();
  }

  /** The bytes of a value of a fixed width, at the position of the buffer returned. */
  ByteBuffer require(int bytes) throws IOException {
    if (buffer.remaining() < bytes) {
      checkLeft(bytes);
      buffer.compact();
      while (buffer.position() < bytes) {
        fill(buffer);
      }
      buffer.flip();
    }
    return buffer;
  }

  byte[] readString() throws IOException {
    return readBytes(readStringLength());
  }

  void skipString() throws IOException {
    long length = readStringLength();
    checkLeft(length);
    seek(position() + length);
  }

  private long readStringLength() throws IOException {
    long length = readLong();
    if (length < 0 || length > MAX_STRING_BYTES) {
      throw malformed(
          "a string of %s bytes, of which at most %d are allowed",
          Long.toUnsignedString(length), MAX_STRING_BYTES);
    }
    return length;
  }

  /** Goes to a place inside the file. */
  void seek(long position) {
    long ahead = position - position();
    if (ahead >= 0 && ahead <= buffer.remaining()) {
      buffer.position(buffer.position() + (int) ahead);
    } else {
      loaded = position;
      buffer.limit(0);
    }
  }

  byte[] readBytes(long length) throws IOException {
    checkLeft(length);
    byte[] bytes = new byte[Math.toIntExact(length)];
    int buffered = Math.min(bytes.length, buffer.remaining());
    buffer.get(bytes, 0, buffered);
    var rest = ByteBuffer.wrap(bytes, buffered, bytes.length - buffered);
    while (rest.hasRemaining()) {
      fill(rest);
    }
    return bytes;
  }

  private void checkLeft(long bytes) {
    if (bytes > remaining()) {
      throw malformed("truncated: %d bytes are needed and %d are left", bytes, remaining());
    }
  }

  private void fill(ByteBuffer target) throws IOException {
    int count = channel.read(target, loaded);
    if (count < 0) {
      throw malformed("the file became shorter than %d bytes while it was read", size);
    }
    loaded += count;
  }
}

package dev.mneme.benchmarks.schema;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Bytes written in the order of GGUF. */
final class LittleEndian {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  LittleEndian ascii(String text) {
    return bytes(text.getBytes(StandardCharsets.US_ASCII));
  }

  LittleEndian int32(int value) {
    return bytes(buffer(Integer.BYTES).putInt(value).array());
  }

  LittleEndian int64(long value) {
    return bytes(buffer(Long.BYTES).putLong(value).array());
  }

  /** The lowest bytes of a number. */
  LittleEndian integer(long value, int width) {
    out.write(buffer(Long.BYTES).putLong(value).array(), 0, width);
    return this;
  }

  LittleEndian float32(float value) {
    return bytes(buffer(Float.BYTES).putFloat(value).array());
  }

  LittleEndian float64(double value) {
    return bytes(buffer(Double.BYTES).putDouble(value).array());
  }

  /** A string after its length. */
  LittleEndian string(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return int64(utf8.length).bytes(utf8);
  }

  LittleEndian bytes(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  int size() {
    return out.size();
  }

  byte[] toByteArray() {
    return out.toByteArray();
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}

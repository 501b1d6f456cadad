package dev.mneme.store.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Spells a GGUF file value by value, right or wrong, without the writer under test. */
final class GgufBytes {
  static final int UINT8 = 0;
  static final int UINT32 = 4;
  static final int INT32 = 5;
  static final int FLOAT32 = 6;
  static final int BOOL = 7;
  static final int STRING = 8;
  static final int ARRAY = 9;
  static final int UINT64 = 10;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Magic, version 3 and the two counts. */
  static GgufBytes header(long tensors, long entries) {
    return new GgufBytes().ascii("GGUF").int32(3).int64(tensors).int64(entries);
  }

  /** A small file with one of everything: 3 metadata entries, two tensors of 64 bytes. */
  static GgufBytes valid() {
    return header(2, 3)
        .string("general.architecture")
        .int32(STRING)
        .string("llama")
        .string("llama.block_count")
        .int32(UINT32)
        .int32(5)
        .string("tokenizer.ggml.tokens")
        .int32(ARRAY)
        .int32(STRING)
        .int64(2)
        .string("a")
        .string("bc")
        .tensor("token_embd.weight", GgufType.F32.id(), 0, 8, 2)
        .tensor("output.weight", GgufType.F16.id(), 64, 32)
        .padded(32)
        .zeros(128);
  }

  GgufBytes ascii(String text) {
    out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    return this;
  }

  GgufBytes bytes(int... values) {
    for (int value : values) {
      out.write(value);
    }
    return this;
  }

  GgufBytes int32(int value) {
    byte[] bytes = new byte[Integer.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(value);
    out.writeBytes(bytes);
    return this;
  }

  GgufBytes int64(long value) {
    byte[] bytes = new byte[Long.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
    out.writeBytes(bytes);
    return this;
  }

  GgufBytes string(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int64(bytes.length);
    out.writeBytes(bytes);
    return this;
  }

  GgufBytes entry(String key, GgufValue value) {
    string(key);
    GgufWriter.writeValue(out, value);
    return this;
  }

  GgufBytes data(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  GgufBytes tensor(String name, int type, long offset, long... dims) {
    string(name).int32(dims.length);
    for (long dim : dims) {
      int64(dim);
    }
    return int32(type).int64(offset);
  }

  GgufBytes padded(int alignment) {
    return zeros((alignment - out.size() % alignment) % alignment);
  }

  GgufBytes zeros(int count) {
    out.writeBytes(new byte[count]);
    return this;
  }

  byte[] toByteArray() {
    return out.toByteArray();
  }

  Path in(Path directory) throws IOException {
    return Files.write(directory.resolve("test.gguf"), toByteArray());
  }
}

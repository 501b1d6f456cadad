package dev.mneme.store.gguf;

import dev.mneme.MnemeException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a GGUF file of version 3 with alignment 32: metadata and tensors in the order they were
 * added, so equal input gives equal bytes. The file appears whole or not at all.
 */
public final class GgufWriter {

  private static final int ALIGNMENT = 32;

  private record Tensor(String name, GgufType type, List<Long> dims, long bytes, TensorData data) {}

  private final ByteArrayOutputStream metadata = new ByteArrayOutputStream();
  private final List<Tensor> tensors = new ArrayList<>();
  private int keys;

  public GgufWriter putString(String key, String value) {
    begin(key, 8);
    string(metadata, value.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  public GgufWriter putUint32(String key, long value) {
    begin(key, 4);
    u32(metadata, (int) value);
    return this;
  }

  public GgufWriter putFloat32(String key, float value) {
    begin(key, 6);
    u32(metadata, Float.floatToRawIntBits(value));
    return this;
  }

  public GgufWriter putBool(String key, boolean value) {
    begin(key, 7);
    metadata.write(value ? 1 : 0);
    return this;
  }

  public GgufWriter putStrings(String key, List<String> values) {
    beginArray(key, 8, values.size());
    values.forEach(value -> string(metadata, value.getBytes(StandardCharsets.UTF_8)));
    return this;
  }

  public GgufWriter putFloats(String key, List<Float> values) {
    beginArray(key, 6, values.size());
    values.forEach(value -> u32(metadata, Float.floatToRawIntBits(value)));
    return this;
  }

  public GgufWriter putInts(String key, List<Integer> values) {
    beginArray(key, 5, values.size());
    values.forEach(value -> u32(metadata, value));
    return this;
  }

  /**
   * Adds a tensor.
   *
   * @param dims the row length first, a multiple of the type's block
   */
  public GgufWriter addTensor(String name, GgufType type, List<Long> dims, TensorData data) {
    long rows = dims.stream().skip(1).reduce(1L, Math::multiplyExact);
    long bytes = Math.multiplyExact(rows, type.rowBytes(dims.getFirst()));
    tensors.add(new Tensor(name, type, List.copyOf(dims), bytes, data));
    return this;
  }

  /**
   * Writes the file, replacing one that is there.
   *
   * @throws MnemeException if it cannot be written; nothing is left behind
   */
  public void write(Path file) {
    Path temporary =
        file.resolveSibling(file.getFileName() + "." + ProcessHandle.current().pid() + ".part");
    try {
      try (FileChannel out =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        writeTo(out);
        out.force(true);
      }
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new MnemeException(
          "cannot write %s: %s; check the folder and the free space"
              .formatted(file, e.getMessage()),
          e);
    } finally {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException e) {
        // The failure that brought us here is the one to report.
      }
    }
  }

  private void writeTo(FileChannel out) throws IOException {
    var header = new ByteArrayOutputStream();
    header.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    u32(header, 3);
    u64(header, tensors.size());
    u64(header, keys);
    metadata.writeTo(header);
    long offset = 0;
    for (Tensor tensor : tensors) {
      string(header, tensor.name().getBytes(StandardCharsets.UTF_8));
      u32(header, tensor.dims().size());
      tensor.dims().forEach(dim -> u64(header, dim));
      u32(header, tensor.type().id());
      u64(header, offset);
      offset += align(tensor.bytes());
    }
    writeFully(out, ByteBuffer.wrap(header.toByteArray()));
    pad(out);
    for (Tensor tensor : tensors) {
      long start = out.position();
      tensor.data().writeTo(out);
      long written = out.position() - start;
      if (written != tensor.bytes()) {
        throw new IllegalStateException(
            "the tensor %s takes %d bytes, but %d were written"
                .formatted(tensor.name(), tensor.bytes(), written));
      }
      pad(out);
    }
  }

  private static void pad(FileChannel out) throws IOException {
    int missing = (int) (align(out.position()) - out.position());
    writeFully(out, ByteBuffer.allocate(missing));
  }

  private static long align(long bytes) {
    return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
  }

  /** Writes a whole buffer, which a channel alone does not promise. */
  public static void writeFully(WritableByteChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  private void begin(String key, int type) {
    string(metadata, key.getBytes(StandardCharsets.UTF_8));
    u32(metadata, type);
    keys++;
  }

  private void beginArray(String key, int type, int count) {
    begin(key, 9);
    u32(metadata, type);
    u64(metadata, count);
  }

  private static void string(ByteArrayOutputStream out, byte[] bytes) {
    u64(out, bytes.length);
    out.writeBytes(bytes);
  }

  private static void u32(ByteArrayOutputStream out, int value) {
    out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  private static void u64(ByteArrayOutputStream out, long value) {
    out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }
}

package dev.mneme.store.safetensors;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.store.files.UnfinishedFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/**
 * Writes a SafeTensors file: tensors in the given order, the header padded with blanks so that data
 * begins at a multiple of 8. The file appears whole or not at all.
 */
public final class SafeTensorsWriter {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final long SLICE = 1L << 30; // a ByteBuffer holds less than 2 GiB

  private SafeTensorsWriter() {}

  /**
   * One tensor to write.
   *
   * @param data its bytes, little-endian, exactly as many as dtype and shape take
   */
  public record Entry(String name, Dtype dtype, List<Long> shape, MemorySegment data) {

    public Entry {
      shape = List.copyOf(shape);
      long bytes = shape.stream().reduce((long) dtype.bits(), Math::multiplyExact) / 8;
      if (bytes != data.byteSize()) {
        throw new IllegalArgumentException(
            "the tensor %s of %s %s takes %d bytes, but %d are given"
                .formatted(name, dtype, shape, bytes, data.byteSize()));
      }
    }

    /** A tensor of floats. */
    public static Entry of(String name, List<Long> shape, float[] values) {
      byte[] bytes = new byte[values.length * Float.BYTES];
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
      return new Entry(name, Dtype.F32, shape, MemorySegment.ofArray(bytes));
    }
  }

  /**
   * Writes the file, replacing one that is there.
   *
   * @throws MnemeException if it cannot be written; nothing is left behind
   */
  public static void write(Path file, Map<String, String> metadata, List<Entry> entries) {
    try (UnfinishedFile unfinished = UnfinishedFile.of(file)) {
      try (FileChannel out =
          FileChannel.open(
              unfinished.path(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        byte[] header = header(metadata, entries);
        out.write(
            ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, header.length));
        out.write(ByteBuffer.wrap(header));
        for (Entry entry : entries) {
          writeData(out, entry.data());
        }
        out.force(true);
      }
      unfinished.complete();
    } catch (IOException e) {
      throw new MnemeException(
          "cannot write %s: %s; check the folder and the free space"
              .formatted(file, FailureText.of(e)),
          e);
    }
  }

  private static void writeData(FileChannel out, MemorySegment data) throws IOException {
    for (long from = 0; from < data.byteSize(); from += SLICE) {
      ByteBuffer slice = data.asSlice(from, Math.min(SLICE, data.byteSize() - from)).asByteBuffer();
      while (slice.hasRemaining()) {
        out.write(slice);
      }
    }
  }

  private static byte[] header(Map<String, String> metadata, List<Entry> entries)
      throws JsonProcessingException {
    ObjectNode json = MAPPER.createObjectNode();
    if (!metadata.isEmpty()) {
      metadata.forEach(json.putObject("__metadata__")::put);
    }
    long offset = 0;
    for (Entry entry : entries) {
      if (json.has(entry.name())) {
        throw new IllegalArgumentException("the tensor " + entry.name() + " is given twice");
      }
      ObjectNode node = json.putObject(entry.name()).put("dtype", entry.dtype().name());
      ArrayNode shape = node.putArray("shape");
      entry.shape().forEach(shape::add);
      node.putArray("data_offsets").add(offset).add(offset + entry.data().byteSize());
      offset += entry.data().byteSize();
    }
    String text = MAPPER.writeValueAsString(json);
    int padding = Math.floorMod(-text.getBytes(StandardCharsets.UTF_8).length, 8);
    return (text + " ".repeat(padding)).getBytes(StandardCharsets.UTF_8);
  }
}

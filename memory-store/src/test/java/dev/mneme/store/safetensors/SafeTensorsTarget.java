package dev.mneme.store.safetensors;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mneme.store.fuzz.AllocationBound;
import dev.mneme.store.fuzz.FileTarget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** SafeTensors files, damaged anywhere. */
public final class SafeTensorsTarget extends FileTarget {

  /** Valid headers, all for {@link #DATA_BYTES} bytes of data. */
  static final List<byte[]> HEADERS =
      List.of(
          utf8(
              """
              {"__metadata__":{"format":"pt","made by":"a test"},\
              "embed.weight":{"dtype":"F32","shape":[4,4],"data_offsets":[0,64]},\
              "norm.weight":{"dtype":"BF16","shape":[16],"data_offsets":[64,96]}}\
              """),
          utf8(
              """
              {"a":{"shape":[],"data_offsets":[0,8],"dtype":"F64"},\
              "b":{"shape":[3,0,2],"data_offsets":[8,8],"dtype":"I32"},\
              "\\u00e9":{"shape":[88],"data_offsets":[8,96],"dtype":"U8"}}\
              """),
          utf8("{\"w\":{\"dtype\":\"F4\",\"shape\":[2,96],\"data_offsets\":[0,96]}}"));

  static final int DATA_BYTES = 96;

  /**
   * Valid files of a few tensors take 4 to 8 kB, and one of 10,000 empty tensors 27 bytes a byte:
   * the header as text, then a map's node, a list of numbers and a name for each.
   */
  static final AllocationBound BOUND = new AllocationBound(16 << 10, 48);

  private final List<byte[]> seeds =
      HEADERS.stream().map(header -> file(header, DATA_BYTES)).toList();

  public SafeTensorsTarget() throws IOException {
    super("safetensors", "model.safetensors", BOUND);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(UTF_8);
  }

  /** A file with this header and so many bytes of data. */
  static byte[] file(byte[] header, int dataBytes) {
    return ByteBuffer.allocate(Long.BYTES + header.length + dataBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .array();
  }

  @Override
  public List<byte[]> seeds() {
    return seeds;
  }

  @Override
  public void read(byte[] input) {
    try (SafeTensorsFile file = SafeTensorsFile.open(path())) {
      touch(file, input.length);
    }
  }

  /** Looks at both ends of every tensor. */
  static void touch(SafeTensorsFile file, long fileBytes) {
    long all = 0;
    for (TensorInfo tensor : file.tensors().values()) {
      MemorySegment data = file.data(tensor.name());
      if (data.byteSize() > 0) {
        data.get(ValueLayout.JAVA_BYTE, 0);
        data.get(ValueLayout.JAVA_BYTE, data.byteSize() - 1);
      }
      all = Math.addExact(all, data.byteSize());
    }
    if (all > fileBytes) {
      throw new AssertionError("tensors of %d bytes in %d".formatted(all, fileBytes));
    }
  }
}

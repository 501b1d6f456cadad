package dev.mneme.store.testing;

import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufTensor;
import dev.mneme.store.gguf.GgufType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.Objects;

/** Reads the numbers in a GGUF file, decoded here plainly and independently of the encoder. */
public final class GgufNumbers {
  private static final int BLOCK = 32;

  private GgufNumbers() {}

  /** All numbers of a tensor, the row length's dimension running fastest. */
  public static float[] read(GgufFile file, String name) {
    GgufTensor tensor = Objects.requireNonNull(file.tensors().get(name), name);
    ByteBuffer bytes = ByteBuffer.allocate((int) tensor.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel = FileChannel.open(file.path())) {
      channel.read(bytes, tensor.offset());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int count = tensor.dims().stream().mapToInt(Long::intValue).reduce(1, (a, b) -> a * b);
    return decode(tensor.type(), bytes.flip(), count);
  }

  /** The next numbers in a buffer, which must be little-endian. */
  public static float[] decode(GgufType type, ByteBuffer bytes, int count) {
    var values = new float[count];
    switch (type) {
      case F32 -> {
        for (int i = 0; i < count; i++) {
          values[i] = bytes.getFloat();
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          values[i] = Float.float16ToFloat(bytes.getShort());
        }
      }
      case Q8_0 -> {
        for (int start = 0; start < count; start += BLOCK) {
          float scale = Float.float16ToFloat(bytes.getShort());
          for (int i = start; i < start + BLOCK; i++) {
            values[i] = bytes.get() * scale;
          }
        }
      }
      case Q4_0, Q4_1 -> {
        for (int start = 0; start < count; start += BLOCK) {
          float scale = Float.float16ToFloat(bytes.getShort());
          float offset =
              type == GgufType.Q4_1 ? Float.float16ToFloat(bytes.getShort()) : -8 * scale;
          for (int i = start; i < start + BLOCK / 2; i++) {
            int both = Byte.toUnsignedInt(bytes.get());
            values[i] = (both & 15) * scale + offset;
            values[i + BLOCK / 2] = (both >> 4) * scale + offset;
          }
        }
      }
      case Q4_K -> {
        for (int start = 0; start < count; start += 256) {
          decodeSuperBlock(bytes, values, start);
        }
      }
      default -> throw new AssertionError(type);
    }
    return values;
  }

  /** As ggml's {@code dequantize_row_q4_K} reads it. */
  private static void decodeSuperBlock(ByteBuffer bytes, float[] values, int start) {
    float scaleFactor = Float.float16ToFloat(bytes.getShort());
    float offsetFactor = Float.float16ToFloat(bytes.getShort());
    byte[] packed = new byte[12];
    bytes.get(packed);
    byte[] codes = new byte[128];
    bytes.get(codes);
    for (int part = 0; part < 8; part++) {
      int scale =
          part < 4 ? packed[part] & 63 : (packed[part + 4] & 15) | (packed[part - 4] >> 6 & 3) << 4;
      int offset =
          part < 4
              ? packed[part + 4] & 63
              : (packed[part + 4] >> 4 & 15) | (packed[part] >> 6 & 3) << 4;
      for (int i = 0; i < 32; i++) {
        int both = codes[part / 2 * 32 + i];
        int code = part % 2 == 0 ? both & 15 : both >> 4 & 15;
        values[start + part * 32 + i] = scaleFactor * scale * code - offsetFactor * offset;
      }
    }
  }
}

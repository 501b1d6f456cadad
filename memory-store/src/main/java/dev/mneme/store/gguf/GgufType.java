package dev.mneme.store.gguf;

import com.google.common.base.Preconditions;
import java.util.List;
import java.util.Optional;

/**
 * How the elements of a tensor are stored: in blocks of a fixed number of elements and bytes.
 * Numbers and sizes are those of ggml's {@code ggml_type} table, without the types that ggml
 * retired or uses only while it computes.
 */
public enum GgufType {
  F32(0, 1, 4),
  F16(1, 1, 2),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q5_0(6, 32, 22),
  Q5_1(7, 32, 24),
  Q8_0(8, 32, 34),
  Q2_K(10, 256, 84),
  Q3_K(11, 256, 110),
  Q4_K(12, 256, 144),
  Q5_K(13, 256, 176),
  Q6_K(14, 256, 210),
  IQ2_XXS(16, 256, 66),
  IQ2_XS(17, 256, 74),
  IQ3_XXS(18, 256, 98),
  IQ1_S(19, 256, 50),
  IQ4_NL(20, 32, 18),
  IQ3_S(21, 256, 110),
  IQ2_S(22, 256, 82),
  IQ4_XS(23, 256, 136),
  I8(24, 1, 1),
  I16(25, 1, 2),
  I32(26, 1, 4),
  I64(27, 1, 8),
  F64(28, 1, 8),
  IQ1_M(29, 256, 56),
  BF16(30, 1, 2),
  TQ1_0(34, 256, 54),
  TQ2_0(35, 256, 66),
  MXFP4(39, 32, 17),
  NVFP4(40, 64, 36),
  Q1_0(41, 128, 18);

  private final int id;
  private final int blockLength;
  private final int blockBytes;

  GgufType(int id, int blockLength, int blockBytes) {
    this.id = id;
    this.blockLength = blockLength;
    this.blockBytes = blockBytes;
  }

  /** The type with this number in a file, if there is one. */
  public static Optional<GgufType> withId(int id) {
    for (GgufType type : values()) {
      if (type.id == id) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }

  /** The number that stands for this type in a file. */
  public int id() {
    return id;
  }

  /** Elements in a block; a row holds whole blocks. */
  public int blockLength() {
    return blockLength;
  }

  /** Bytes of a block. */
  public int blockBytes() {
    return blockBytes;
  }

  /**
   * Bytes of one row.
   *
   * @throws IllegalArgumentException if the row is not a whole number of blocks
   * @throws ArithmeticException if the size does not fit a long
   */
  public long rowBytes(long elements) {
    Preconditions.checkArgument(
        elements % blockLength == 0,
        "a row of %s elements is not a multiple of %s's block of %s",
        elements,
        this,
        blockLength);
    return Math.multiplyExact(elements / blockLength, (long) blockBytes);
  }

  /**
   * Bytes of a whole tensor.
   *
   * @param dims lengths with the row length first
   * @throws IllegalArgumentException if the row is not a whole number of blocks
   * @throws ArithmeticException if the size does not fit a long
   */
  public long tensorBytes(List<Long> dims) {
    long bytes = rowBytes(dims.isEmpty() ? 1 : dims.getFirst());
    for (int i = 1; i < dims.size(); i++) {
      bytes = Math.multiplyExact(bytes, dims.get(i));
    }
    return bytes;
  }
}

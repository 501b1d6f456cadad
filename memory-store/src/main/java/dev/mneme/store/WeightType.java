package dev.mneme.store;

import dev.mneme.store.gguf.GgufType;

/** How the matrices of a derived GGUF file are stored; norms and biases are always F32. */
public enum WeightType {
  /** 4 bytes a weight, exact. */
  F32(GgufType.F32),
  /** 2 bytes a weight. */
  F16(GgufType.F16),
  /** About 1 byte a weight, in blocks of 32; rows of another length fall back to F16. */
  Q8_0(GgufType.Q8_0),
  /** 4.5 bits a weight: 16 steps around zero for each block of 32; else as {@link #Q8_0}. */
  Q4_0(GgufType.Q4_0),
  /** 5 bits a weight: 16 steps up from each block's smallest number; else as {@link #Q8_0}. */
  Q4_1(GgufType.Q4_1),
  /**
   * 4.5 bits a weight, closer than {@link #Q4_0}: blocks of 256 in parts of 32, each with a scale
   * and an offset; rows of another length fall back to {@link #Q8_0}.
   */
  Q4_K(GgufType.Q4_K);

  private final GgufType type;

  WeightType(GgufType type) {
    this.type = type;
  }

  /** The stored type for a row of so many numbers. */
  public GgufType forRow(long length) {
    if (length % type.blockLength() == 0) {
      return type;
    }
    return this == Q4_K ? Q8_0.forRow(length) : GgufType.F16;
  }
}

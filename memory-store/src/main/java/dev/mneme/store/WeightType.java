package dev.mneme.store;

import dev.mneme.store.gguf.GgufType;

/** How the matrices of a derived GGUF file are stored; norms and biases are always F32. */
public enum WeightType {
  /** 4 bytes a weight, exact. */
  F32(GgufType.F32),
  /** 2 bytes a weight. */
  F16(GgufType.F16),
  /** About 1 byte a weight, in blocks of 32; rows of another length fall back to F16. */
  Q8_0(GgufType.Q8_0);

  private final GgufType type;

  WeightType(GgufType type) {
    this.type = type;
  }

  /** The stored type for a row of so many numbers. */
  public GgufType forRow(long length) {
    return length % type.blockLength() == 0 ? type : GgufType.F16;
  }
}

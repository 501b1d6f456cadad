package dev.mneme.store.fuzz;

/**
 * The most memory that reading a file may take, in bytes allocated from first to last, freed or
 * not: a constant for buffers, messages and stack traces, and a factor for the objects that a
 * parser makes of what the file really has. A length that a file only claims has no part in it.
 *
 * <p>Bounds were set by measuring the valid file and the most wasteful one that could be thought
 * of, with a fifth or more to spare: what a claimed number can ask for is larger by far.
 *
 * @param constant for a file of any size
 * @param perByte for each byte of it
 */
public record AllocationBound(long constant, long perByte) {

  /**
   * For a tree of JSON. The constant is 1,000 levels, as many as are read, with 320 bytes each; the
   * factor was 106 in a list of {@code 9e99}, for whose exact rounding the JDK computes with large
   * numbers, 38 in one of empty objects, and 22 in a manifest.
   */
  public static final AllocationBound JSON = new AllocationBound(384 << 10, 128);

  /** Bytes that reading a file of this size may take. */
  public long of(long fileBytes) {
    return constant + perByte * fileBytes;
  }
}

package dev.mneme.llamacpp.internal;

import com.google.common.math.LongMath;
import com.google.common.primitives.ImmutableLongArray;
import dev.mneme.MalformedFileException;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufValue;
import java.util.Arrays;
import java.util.OptionalLong;

/**
 * The numbers of a GGUF file that decide the shapes of a model. Some of them may be stored once for
 * all blocks or as an array of one for each.
 *
 * @param architecture what the file is
 * @param blocks number of blocks, 1 to 512
 * @param context tokens the model was trained for
 * @param width numbers in the activation between two blocks
 * @param heads query heads of each block; 0 where a block has no attention
 * @param pairs heads of keys and values of each block
 * @param keyLength numbers in a head's keys
 * @param valueLength numbers in a head's values
 */
record ModelShape(
    Architecture architecture,
    int blocks,
    int context,
    long width,
    ImmutableLongArray heads,
    ImmutableLongArray pairs,
    long keyLength,
    long valueLength) {

  private static final long MOST_BLOCKS = 512; // LLAMA_MAX_LAYERS

  /** Far more than any model has, and few enough that products of two fit a long. */
  private static final long MOST_HEADS = 1 << 20;

  /**
   * Reads the shape.
   *
   * @throws MalformedFileException naming the key that is missing, of another type or out of range
   */
  static ModelShape of(GgufFile file) {
    return new Reader(file, Architecture.of(file)).read();
  }

  /** Numbers that a token leaves in the key-value cache, in all blocks together. */
  long cachedNumbers() {
    return LongMath.saturatedMultiply(
        pairs.stream().sum(), LongMath.saturatedAdd(keyLength, valueLength));
  }

  private static MalformedFileException malformed(GgufFile file, String key, String problem) {
    return new MalformedFileException("%s: %s %s".formatted(file.path(), key, problem));
  }

  /** Reads the keys of one file. */
  private record Reader(GgufFile file, Architecture architecture) {

    ModelShape read() {
      int blocks = (int) required("block_count", MOST_BLOCKS);
      long width = required("embedding_length", Integer.MAX_VALUE);
      ImmutableLongArray heads = perBlock("attention.head_count", blocks);
      if (heads.isEmpty()) {
        throw malformed("attention.head_count", "is missing");
      }
      ImmutableLongArray pairs = perBlock("attention.head_count_kv", blocks);
      // The library derives the length of heads from the first block that has some.
      long first = heads.stream().filter(count -> count > 0).findFirst().orElse(0);
      OptionalLong keyLength = number("attention.key_length");
      if (first == 0 || (keyLength.isEmpty() && width % first != 0)) {
        throw malformed(
            "attention.head_count",
            "is %d, which does not divide the width %d".formatted(first, width));
      }
      return new ModelShape(
          architecture,
          blocks,
          (int) required("context_length", Integer.MAX_VALUE),
          width,
          heads,
          pairs.isEmpty() ? heads : pairs,
          keyLength.orElse(width / first),
          number("attention.value_length").orElse(width / first));
    }

    private long required(String key, long most) {
      long value = number(key).orElseThrow(() -> malformed(key, "is missing"));
      if (value < 1 || value > most) {
        throw malformed(key, "is %d, but must lie from 1 to %d".formatted(value, most));
      }
      return value;
    }

    private OptionalLong number(String key) {
      return file.integer(architecture.name() + "." + key);
    }

    /** A number for each block, or none at all; zeros only where blocks may differ. */
    private ImmutableLongArray perBlock(String key, int blocks) {
      String full = architecture.name() + "." + key;
      GgufValue value = file.metadata().get(full);
      if (value == null) {
        return ImmutableLongArray.of();
      }
      long[] numbers;
      if (value instanceof GgufValue.Int) {
        numbers = new long[blocks];
        Arrays.fill(numbers, file.integer(full).orElseThrow());
      } else {
        numbers = Arrays.stream(file.integers(full)).asLongStream().toArray();
        if (numbers.length != blocks) {
          throw malformed(
              key, "has %d items, but there are %d blocks".formatted(numbers.length, blocks));
        }
      }
      for (int i = 0; i < blocks; i++) {
        boolean none = numbers[i] == 0 && architecture.variesHeads();
        if (!none && (numbers[i] < 1 || numbers[i] > MOST_HEADS)) {
          throw malformed(key, "is %d in block %d, but must be 1 or more".formatted(numbers[i], i));
        }
        if (numbers[i] != numbers[0] && !architecture.variesHeads()) {
          throw malformed(
              key,
              "is %d in block 0 and %d in block %d, but blocks of %s must be alike"
                  .formatted(numbers[0], numbers[i], i, architecture.name()));
        }
      }
      return ImmutableLongArray.copyOf(numbers);
    }

    private MalformedFileException malformed(String key, String problem) {
      return ModelShape.malformed(file, architecture.name() + "." + key, problem);
    }
  }
}

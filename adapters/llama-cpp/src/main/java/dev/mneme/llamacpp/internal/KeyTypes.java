package dev.mneme.llamacpp.internal;

import com.google.common.base.Ascii;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.mneme.MalformedFileException;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufValue;
import java.util.Map;
import java.util.Set;

/**
 * The types in which llama.cpp reads the keys that it reads of every file. It converts nothing: a
 * number of another width is an error to it, or ends the process. A key that only some
 * architectures read is left to the library, which refuses it by name where it reads it; elsewhere
 * it means nothing.
 */
final class KeyTypes {

  private static final Map<String, GgufValue.Type> OF_FILE =
      ImmutableMap.of(
          "general.architecture", GgufValue.Type.STRING,
          "general.name", GgufValue.Type.STRING,
          "general.file_type", GgufValue.Type.UINT32,
          "general.alignment", GgufValue.Type.UINT32,
          "split.no", GgufValue.Type.UINT16,
          "split.count", GgufValue.Type.UINT16,
          "split.tensors.count", GgufValue.Type.INT32);

  /** Behind the architecture's name and a dot. */
  private static final Map<String, GgufValue.Type> OF_ARCHITECTURE =
      ImmutableMap.<String, GgufValue.Type>builder()
          .put("context_length", GgufValue.Type.UINT32)
          .put("embedding_length", GgufValue.Type.UINT32)
          .put("block_count", GgufValue.Type.UINT32)
          .put("expert_count", GgufValue.Type.UINT32)
          .put("expert_used_count", GgufValue.Type.UINT32)
          .put("vocab_size", GgufValue.Type.UINT32)
          .put("attention.key_length", GgufValue.Type.UINT32)
          .put("attention.value_length", GgufValue.Type.UINT32)
          .put("attention.causal", GgufValue.Type.BOOL)
          .put("rope.dimension_count", GgufValue.Type.UINT32)
          .put("rope.freq_base", GgufValue.Type.FLOAT32)
          .put("rope.scale_linear", GgufValue.Type.FLOAT32)
          .put("rope.scaling.type", GgufValue.Type.STRING)
          .put("rope.scaling.factor", GgufValue.Type.FLOAT32)
          .put("rope.scaling.attn_factor", GgufValue.Type.FLOAT32)
          .put("rope.scaling.finetuned", GgufValue.Type.BOOL)
          .put("rope.scaling.original_context_length", GgufValue.Type.UINT32)
          .build();

  /** Stored once for all blocks, or as an array of one item for each. */
  private static final Set<String> PER_BLOCK =
      ImmutableSet.of("feed_forward_length", "attention.head_count", "attention.head_count_kv");

  private KeyTypes() {}

  /**
   * Checks the types of a file's keys.
   *
   * @throws MalformedFileException naming the key and both types
   */
  static void check(GgufFile file, String architecture) {
    OF_FILE.forEach((key, type) -> require(file, key, type));
    OF_ARCHITECTURE.forEach((key, type) -> require(file, architecture + "." + key, type));
    PER_BLOCK.forEach(key -> requirePerBlock(file, architecture + "." + key));
  }

  private static void require(GgufFile file, String key, GgufValue.Type expected) {
    GgufValue value = file.metadata().get(key);
    if (value != null && (isArray(value) || value.type() != expected)) {
      throw wrongType(file, key, Ascii.toLowerCase(expected.name()), value);
    }
  }

  private static void requirePerBlock(GgufFile file, String key) {
    GgufValue value = file.metadata().get(key);
    if (value == null || value.type() == GgufValue.Type.UINT32) {
      return;
    }
    if (!isArray(value) || value.type() != GgufValue.Type.INT32) {
      throw wrongType(file, key, "uint32 or an array of one int32 for each block", value);
    }
  }

  private static boolean isArray(GgufValue value) {
    return value instanceof GgufValue.Texts || value instanceof GgufValue.Numbers;
  }

  private static MalformedFileException wrongType(
      GgufFile file, String key, String expected, GgufValue found) {
    return new MalformedFileException(
        "%s: %s is stored as %s, but llama.cpp reads it as %s; convert the model again with a current converter"
            .formatted(file.path(), key, found.storage(), expected));
  }
}

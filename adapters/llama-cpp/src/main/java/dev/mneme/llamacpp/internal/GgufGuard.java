package dev.mneme.llamacpp.internal;

import com.google.common.collect.ImmutableSet;
import dev.mneme.MalformedFileException;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufTensor;
import dev.mneme.store.gguf.GgufType;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Refuses, before llama.cpp opens it, a GGUF file on which llama.cpp would end the process: it
 * asserts on these instead of returning an error (each was observed at tag b4916).
 *
 * <p>Here are the shape of the model and the types of its tensors; {@link TokenizerGuard} has the
 * tokenizer. What llama.cpp refuses by itself is left to it.
 */
final class GgufGuard {

  private static final long MOST_BLOCKS = 512; // LLAMA_MAX_LAYERS
  private static final long MOST_EXPERTS = 256; // LLAMA_MAX_EXPERTS

  private static final Set<String> ROPE_SCALINGS =
      ImmutableSet.of("none", "linear", "yarn", "longrope");

  /** Architectures whose positions are learned or are a bias, so that nothing is rotated. */
  private static final Set<String> UNROTATED =
      ImmutableSet.of("gpt2", "starcoder", "mpt", "bloom", "refact", "jais");

  /** Architectures that may rotate a part of each head; the others assert that it is whole. */
  private static final Set<String> PARTLY_ROTATED =
      ImmutableSet.of(
          "stablelm",
          "phi2",
          "phi3",
          "gptneox",
          "chatglm",
          "nemotron",
          "minicpm3",
          "deepseek2",
          "command-r",
          "cohere2");

  /** Architectures whose keys may be longer than their values; the others assert equality. */
  private static final Set<String> UNEVEN_HEADS = ImmutableSet.of("deepseek2", "minicpm3");

  /** Architectures whose graphs assert that there is a sliding window. */
  private static final Set<String> WINDOWED = ImmutableSet.of("gemma2", "gemma3", "cohere2");

  /** Read but never multiplied by: a weight of these types meets an empty kernel. */
  private static final Set<GgufType> NO_WEIGHTS =
      ImmutableSet.of(GgufType.I8, GgufType.I16, GgufType.I32, GgufType.I64, GgufType.F64);

  /** Architectures that give no next-token logits, or not without an encoder's pass before. */
  private static final Set<String> ENCODERS =
      ImmutableSet.of("bert", "nomic-bert", "jina-bert-v2", "t5", "t5encoder", "wavtokenizer-dec");

  private final GgufFile file;
  private final String arch;

  private GgufGuard(GgufFile file) {
    this.file = file;
    this.arch =
        file.string("general.architecture")
            .orElseThrow(() -> malformed("general.architecture", "is missing"));
  }

  /**
   * Checks a file.
   *
   * @throws MalformedFileException naming the key or tensor
   */
  static void check(GgufFile file) {
    var guard = new GgufGuard(file);
    guard.checkKind();
    guard.checkShape();
    guard.checkEpsilons();
    guard.checkRotation();
    guard.checkWindow();
    guard.checkExperts();
    guard.checkTensors();
    guard.checkHeads();
    TokenizerGuard.check(file, guard.arch);
  }

  private void checkKind() {
    if (ENCODERS.contains(arch) || !file.bool(arch + ".attention.causal").orElse(true)) {
      throw malformed(
          "general.architecture", "is %s, which does not predict next tokens".formatted(arch));
    }
    long parts = file.integer("split.count").orElse(1);
    if (parts > 1) {
      // The other parts would be opened unchecked.
      throw malformed(
          "split.count",
          "says that this is one of %d parts; join them into one file first".formatted(parts));
    }
  }

  private void checkShape() {
    long blocks = positive("block_count");
    if (blocks > MOST_BLOCKS) {
      throw malformed(
          arch + ".block_count", "is %d; at most %d are possible".formatted(blocks, MOST_BLOCKS));
    }
    positive("context_length");
    long width = positive("embedding_length");
    long heads = positive("attention.head_count");
    OptionalLong kvHeads = integer("attention.head_count_kv");
    if (kvHeads.isPresent() && (kvHeads.getAsLong() < 1 || heads % kvHeads.getAsLong() != 0)) {
      throw malformed(
          arch + ".attention.head_count_kv",
          "is %d, which does not divide the %d heads".formatted(kvHeads.getAsLong(), heads));
    }
    if (integer("attention.key_length").isEmpty() && width % heads != 0) {
      throw malformed(
          arch + ".attention.head_count",
          "is %d, which does not divide the width %d".formatted(heads, width));
    }
    GgufTensor embedding = file.tensors().get("token_embd.weight");
    if (embedding == null || embedding.dims().size() != 2 || embedding.dims().get(0) != width) {
      throw malformed(
          "token_embd.weight",
          "should be a matrix of rows of %d, but is %s"
              .formatted(width, embedding == null ? "missing" : embedding.dims()));
    }
  }

  private void checkEpsilons() {
    for (String epsilon : List.of("layer_norm_rms_epsilon", "layer_norm_epsilon")) {
      OptionalDouble value = file.real(arch + ".attention." + epsilon);
      if (value.isPresent() && !(value.getAsDouble() >= 0 && value.getAsDouble() < 1)) {
        throw malformed(
            arch + ".attention." + epsilon,
            "is %s, but must lie in [0, 1)".formatted(value.getAsDouble()));
      }
    }
  }

  /** Rotary positions turn pairs of a head's elements, by a scaling that has a name. */
  private void checkRotation() {
    String scaling = file.string(arch + ".rope.scaling.type").orElse("none");
    if (!ROPE_SCALINGS.contains(scaling)) {
      throw malformed(
          arch + ".rope.scaling.type", "is \"%s\"; known are %s".formatted(scaling, ROPE_SCALINGS));
    }
    long keys = keyLength();
    long rotated = integer("rope.dimension_count").orElse(keys);
    if (UNROTATED.contains(arch)) {
      return;
    }
    if (rotated % 2 != 0 || rotated < 0 || rotated > keys) {
      throw malformed(
          arch + ".rope.dimension_count",
          "is %d, but must be even and at most the %d elements of a head".formatted(rotated, keys));
    }
    if (rotated != keys && !PARTLY_ROTATED.contains(arch)) {
      throw malformed(
          arch + ".rope.dimension_count",
          "is %d, but this architecture rotates all %d elements of a head"
              .formatted(rotated, keys));
    }
  }

  private void checkWindow() {
    if (WINDOWED.contains(arch) && integer("attention.sliding_window").isPresent()) {
      positive("attention.sliding_window");
    }
  }

  /** Elements of a head's keys, which its values must have too. */
  private long keyLength() {
    long share = positive("embedding_length") / positive("attention.head_count");
    long keys = integer("attention.key_length").orElse(share);
    long values = integer("attention.value_length").orElse(share);
    if (keys < 1 || values < 1 || (keys != values && !UNEVEN_HEADS.contains(arch))) {
      throw malformed(
          arch + ".attention.key_length",
          "and value_length are %d and %d, but heads need as many keys as values"
              .formatted(keys, values));
    }
    return keys;
  }

  private void checkExperts() {
    long experts = integer("expert_count").orElse(0);
    long used = integer("expert_used_count").orElse(0);
    if (experts < 0 || experts > MOST_EXPERTS) {
      throw malformed(
          arch + ".expert_count",
          "is %d; at most %d are possible".formatted(experts, MOST_EXPERTS));
    }
    if (used < 0 || used > experts || (used == 0 && experts > 0)) {
      throw malformed(arch + ".expert_used_count", "is %d of %d experts".formatted(used, experts));
    }
  }

  private void checkTensors() {
    for (GgufTensor tensor : file.tensors().values()) {
      if (NO_WEIGHTS.contains(tensor.type())) {
        throw malformed(
            tensor.name(), "is stored as %s, which no weight is".formatted(tensor.type()));
      }
      // Norms and biases are added and multiplied element by element, in 32 bits only.
      if (tensor.dims().size() <= 1 && tensor.type() != GgufType.F32) {
        throw malformed(
            tensor.name(), "is a vector stored as %s, but must be F32".formatted(tensor.type()));
      }
    }
  }

  /**
   * Some architectures ask for square matrices whatever the heads, and later cut them into heads.
   */
  private void checkHeads() {
    long heads = positive("attention.head_count");
    long pairs = integer("attention.head_count_kv").orElse(heads);
    long keys = keyLength();
    long values = integer("attention.value_length").orElse(keys);
    for (GgufTensor tensor : file.tensors().values()) {
      String name = tensor.name();
      if (name.endsWith(".attn_q.weight")) {
        requireRows(tensor, heads * keys);
      } else if (name.endsWith(".attn_k.weight")) {
        requireRows(tensor, pairs * keys);
      } else if (name.endsWith(".attn_v.weight")) {
        requireRows(tensor, pairs * values);
      } else if (name.endsWith(".attn_qkv.weight")) {
        requireRows(tensor, heads * keys + pairs * (keys + values));
      }
    }
  }

  private void requireRows(GgufTensor tensor, long rows) {
    if (tensor.dims().size() != 2 || tensor.dims().get(1) != rows) {
      throw malformed(
          tensor.name(), "is %s, but its heads make %d rows".formatted(tensor.dims(), rows));
    }
  }

  private OptionalLong integer(String key) {
    return file.integer(arch + "." + key);
  }

  private long positive(String key) {
    OptionalLong value = integer(key);
    if (value.isEmpty() || value.getAsLong() < 1 || value.getAsLong() > Integer.MAX_VALUE) {
      throw malformed(
          arch + "." + key,
          value.isEmpty()
              ? "is missing"
              : "is %d, but must be 1 or more".formatted(value.getAsLong()));
    }
    return value.getAsLong();
  }

  private MalformedFileException malformed(String key, String problem) {
    return new MalformedFileException("%s: %s %s".formatted(file.path(), key, problem));
  }
}

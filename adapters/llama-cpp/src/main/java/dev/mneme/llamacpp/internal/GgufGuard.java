package dev.mneme.llamacpp.internal;

import com.google.common.collect.ImmutableSet;
import dev.mneme.MalformedFileException;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufTensor;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Refuses, before llama.cpp opens it, a GGUF file on which llama.cpp would end the process: it
 * asserts on these instead of returning an error (observed at tag b4916).
 */
final class GgufGuard {

  private static final Set<String> TOKENIZERS =
      ImmutableSet.of("llama", "gpt2", "none", "no_vocab");
  private static final long MOST_BLOCKS = 512; // LLAMA_MAX_LAYERS

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
    guard.checkShape();
    guard.checkTokens();
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
    OptionalLong kvHeads = file.integer(arch + ".attention.head_count_kv");
    if (kvHeads.isPresent() && (kvHeads.getAsLong() < 1 || heads % kvHeads.getAsLong() != 0)) {
      throw malformed(
          arch + ".attention.head_count_kv",
          "is %d, which does not divide the %d heads".formatted(kvHeads.getAsLong(), heads));
    }
    if (file.integer(arch + ".attention.key_length").isEmpty() && width % heads != 0) {
      throw malformed(
          arch + ".attention.head_count",
          "is %d, which does not divide the width %d".formatted(heads, width));
    }
    for (String epsilon : List.of("layer_norm_rms_epsilon", "layer_norm_epsilon")) {
      OptionalDouble value = file.real(arch + ".attention." + epsilon);
      if (value.isPresent() && !(value.getAsDouble() >= 0 && value.getAsDouble() < 1)) {
        throw malformed(
            arch + ".attention." + epsilon,
            "is %s, but must lie in [0, 1)".formatted(value.getAsDouble()));
      }
    }
    GgufTensor embedding = file.tensors().get("token_embd.weight");
    if (embedding == null || embedding.dims().size() != 2 || embedding.dims().get(0) != width) {
      throw malformed(
          "token_embd.weight",
          "should be a matrix of rows of %d, but is %s"
              .formatted(width, embedding == null ? "missing" : embedding.dims()));
    }
  }

  private void checkTokens() {
    String model = file.string("tokenizer.ggml.model").orElse("");
    if (!TOKENIZERS.contains(model)) {
      throw malformed(
          "tokenizer.ggml.model",
          "is %s; supported are %s".formatted(model.isEmpty() ? "missing" : model, TOKENIZERS));
    }
    byte[][] tokens = file.byteStrings("tokenizer.ggml.tokens");
    boolean without = model.equals("none") || model.equals("no_vocab");
    if (without) {
      positive("vocab_size");
      return;
    }
    if (tokens.length == 0) {
      throw malformed("tokenizer.ggml.tokens", "is missing or empty");
    }
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < tokens.length; id++) {
      Integer before = ids.put(new String(tokens[id], StandardCharsets.ISO_8859_1), id);
      if (before != null) {
        throw malformed(
            "tokenizer.ggml.tokens",
            "holds \"%s\" twice, as id %d and id %d"
                .formatted(new String(tokens[id], StandardCharsets.UTF_8), before, id));
      }
    }
    if (model.equals("gpt2") && file.strings("tokenizer.ggml.merges").isEmpty()) {
      throw malformed(
          "tokenizer.ggml.merges", "is missing, without which a byte-pair tokenizer cannot work");
    }
    for (String list : List.of("scores", "token_type")) {
      int size =
          list.equals("scores")
              ? file.floats("tokenizer.ggml.scores").length
              : file.integers("tokenizer.ggml.token_type").length;
      if (size != 0 && size != tokens.length) {
        throw malformed(
            "tokenizer.ggml." + list,
            "has %d entries for %d tokens".formatted(size, tokens.length));
      }
    }
    if (model.equals("llama")) {
      checkByteTokens(ids);
    }
  }

  /**
   * The SentencePiece tokenizer looks a byte token up for what no piece covers, and throws without.
   */
  private void checkByteTokens(Map<String, Integer> ids) {
    for (int b = 0; b < 256; b++) {
      String name = "<0x%02X>".formatted(b);
      if (!ids.containsKey(name) && !ids.containsKey(Character.toString(b))) {
        throw malformed("tokenizer.ggml.tokens", "has no token for the byte " + name);
      }
    }
  }

  private long positive(String key) {
    OptionalLong value = file.integer(arch + "." + key);
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

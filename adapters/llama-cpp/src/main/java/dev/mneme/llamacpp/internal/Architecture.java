package dev.mneme.llamacpp.internal;

import com.google.common.collect.ImmutableSet;
import dev.mneme.MalformedFileException;
import dev.mneme.store.gguf.GgufFile;
import java.util.Set;

/**
 * What the graphs of an architecture take for granted, by the name in {@code general.architecture}.
 * llama.cpp asserts on it while it computes, so it has to be known before a file is opened.
 *
 * <p>Of an architecture that is not listed anywhere here, nothing is taken for granted: only the
 * rules that hold for all are checked.
 */
final class Architecture {

  private static final String KEY = "general.architecture";

  /** Architectures that give no next-token logits, or not without an encoder's pass before. */
  private static final Set<String> ENCODERS =
      ImmutableSet.of(
          "bert",
          "modern-bert",
          "nomic-bert",
          "nomic-bert-moe",
          "neo-bert",
          "jina-bert-v2",
          "jina-bert-v3",
          "eurobert",
          "gemma-embedding",
          "llama-embed",
          "t5",
          "t5encoder",
          "wavtokenizer-dec",
          "clip");

  /** Architectures whose positions are learned or are a bias, so that nothing is rotated. */
  private static final Set<String> UNROTATED =
      ImmutableSet.of("gpt2", "starcoder", "mpt", "bloom", "refact", "jais");

  /** Architectures whose graphs assert that the whole of each head is rotated. */
  private static final Set<String> WHOLLY_ROTATED =
      ImmutableSet.of(
          "llama",
          "deci",
          "falcon",
          "grok",
          "gptj",
          "baichuan",
          "qwen",
          "qwen2",
          "qwen2moe",
          "qwen2vl",
          "qwen3",
          "qwen3moe",
          "phimoe",
          "plamo",
          "codeshell",
          "orion",
          "internlm2",
          "minicpm",
          "gemma",
          "gemma2",
          "gemma3",
          "starcoder2",
          "xverse",
          "dbrx",
          "olmo",
          "olmo2",
          "olmoe",
          "openelm",
          "arctic",
          "deepseek",
          "bitnet",
          "exaone",
          "exaone4",
          "granite",
          "granitemoe",
          "chameleon",
          "smollm3",
          "ernie4_5",
          "arcee",
          "seed_oss",
          "hunyuan-dense",
          "dots1");

  /** Architectures that rotate a part of each head, or all of it. */
  private static final Set<String> PARTLY_ROTATED =
      ImmutableSet.of(
          "stablelm", "phi2", "phi3", "gptneox", "chatglm", "nemotron", "command-r", "cohere2");

  /** Architectures whose blocks may have different numbers of heads. */
  private static final Set<String> VARIED_HEADS = ImmutableSet.of("deci", "openelm");

  /** Architectures whose graphs assert that there is a sliding window. */
  private static final Set<String> WINDOWED = ImmutableSet.of("gemma2", "gemma3", "cohere2");

  private final String name;

  private Architecture(String name) {
    this.name = name;
  }

  /**
   * The architecture of a file.
   *
   * @throws MalformedFileException if it names none
   */
  static Architecture of(GgufFile file) {
    return new Architecture(
        file.string(KEY)
            .orElseThrow(
                () -> new MalformedFileException("%s: %s is missing".formatted(file.path(), KEY))));
  }

  String name() {
    return name;
  }

  /** Whether it predicts no next tokens. */
  boolean isEncoder() {
    return ENCODERS.contains(name);
  }

  boolean isUnrotated() {
    return UNROTATED.contains(name);
  }

  boolean isWhollyRotated() {
    return WHOLLY_ROTATED.contains(name);
  }

  /** Whether heads have as many keys as values, and make up the matrices of attention. */
  boolean hasPlainHeads() {
    return isUnrotated() || isWhollyRotated() || PARTLY_ROTATED.contains(name);
  }

  /** Whether blocks may differ in their heads, or have none. */
  boolean variesHeads() {
    return VARIED_HEADS.contains(name) || !hasPlainHeads();
  }

  boolean isWindowed() {
    return WINDOWED.contains(name);
  }
}

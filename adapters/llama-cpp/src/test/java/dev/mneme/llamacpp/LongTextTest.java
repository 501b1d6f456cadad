package dev.mneme.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.ContextOverflowException;
import dev.mneme.GenerationRequest;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts on which llama.cpp recurses once for each character, and texts that fit no context. */
class LongTextTest {

  @TempDir Path directory;

  private LlamaCppHost host(String pre) {
    return LlamaCppHost.open(
        ByteLevelHost.write(directory.resolve(pre + ".gguf"), pre, gguf -> {}));
  }

  /** Runs of one kind and of kinds in turn, each far longer than a thread's stack allows. */
  private static List<String> runs() {
    return Stream.of(
            "a",
            "A",
            "aA",
            "1",
            "=",
            "'",
            " ",
            "\t",
            "\n",
            "\r\n",
            " \n",
            "\u00a0",
            "\u3000",
            "\0",
            "\u4f60",
            "\u304b",
            "\ud55c",
            "\ud83d\ude00",
            "\u0301",
            "a\u0301",
            "a1",
            "\u0431")
        .map(unit -> unit.repeat(8_000))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "default",
        "llama-bpe",
        "falcon3",
        "deepseek-llm",
        "deepseek-coder",
        "deepseek-v3",
        "falcon",
        "mpt",
        "starcoder",
        "gpt-2",
        "gigachat",
        "roberta-bpe",
        "refact",
        "command-r",
        "qwen2",
        "stablelm2",
        "olmo",
        "dbrx",
        "smaug-bpe",
        "poro-chat",
        "chatglm-bpe",
        "viking",
        "jais",
        "tekken",
        "smollm",
        "codeshell",
        "bloom",
        "gpt3-finnish",
        "exaone",
        "chameleon",
        "minerva-7b",
        "megrez",
        "gpt-4o"
      })
  void longRunsBecomeIdsThatSpellThem(String pre) {
    try (LlamaCppHost host = host(pre)) {
      for (String run : runs()) {
        int[] ids = host.tokenizer().encode(run, false, false);
        assertThat(new String(host.vocabulary().spell(ids), StandardCharsets.UTF_8)).isEqualTo(run);
      }
      String mixed = String.join("x", runs());
      int[] ids = host.tokenizer().encode(mixed, false, false);
      assertThat(new String(host.vocabulary().spell(ids), StandardCharsets.UTF_8)).isEqualTo(mixed);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen2", "tekken", "deepseek-llm"})
  void aMegabyteOfOneLetterIsOneWord(String pre) {
    try (LlamaCppHost host = host(pre)) {
      int[] ids = host.tokenizer().encode("a".repeat(1_000_000), false, false);
      assertThat(ids).hasSize(250_000).containsOnly(ByteLevelHost.FOUR_LETTERS);
    }
  }

  @Test
  void longRunsAreReadOnThreadsWithSmallStacksAndManyAtOnce() {
    try (LlamaCppHost host = host("qwen2")) {
      Tokenizer tokenizer = host.tokenizer();
      int[] expected = new int[5_000];
      Arrays.fill(expected, ByteLevelHost.FOUR_LETTERS);
      try (ExecutorService threads =
          Executors.newFixedThreadPool(4, Thread.ofPlatform().stackSize(256 << 10).factory())) {
        List<CompletableFuture<int[]>> calls =
            IntStream.range(0, 12)
                .mapToObj(
                    i ->
                        CompletableFuture.supplyAsync(
                            () -> tokenizer.encode("a".repeat(20_000), false, false), threads))
                .toList();
        assertThat(calls).allSatisfy(call -> assertThat(call.join()).isEqualTo(expected));
      }
    }
  }

  @Test
  void anInterruptedThreadStillGetsItsIdsAndStaysInterrupted() {
    try (LlamaCppHost host = host("qwen2")) {
      Thread.currentThread().interrupt();
      int[] ids = host.tokenizer().encode("a".repeat(4_000), false, false);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(ids).hasSize(1_000);
    }
  }

  @Test
  void aPromptThatCannotFitIsRefusedByItsLength() {
    try (var model = MemoryAugmentedModel.over(host("gpt-2"))) {
      String text = "word ".repeat(20_000_000);
      long start = System.nanoTime();
      assertThatThrownBy(() -> model.generate(GenerationRequest.of(text)))
          .isInstanceOf(ContextOverflowException.class)
          .hasMessageContaining("at least")
          .hasMessageContaining("trained for no more than " + ByteLevelHost.CONTEXT)
          .hasMessageNotContaining("longer context");
      assertThatThrownBy(() -> model.score(text)).isInstanceOf(ContextOverflowException.class);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
    }
  }

  @Test
  void whereALongerContextIsPossibleTheRefusalSaysHowLong() {
    Path file = ByteLevelHost.write(directory.resolve("short.gguf"), "gpt-2", gguf -> {});
    LlamaCppOptions options = LlamaCppOptions.defaults().withContextLength(16);
    try (var model = MemoryAugmentedModel.over(LlamaCppHost.open(file, options))) {
      assertThatThrownBy(() -> model.generate(GenerationRequest.of("b".repeat(40))))
          .isInstanceOf(ContextOverflowException.class)
          .hasMessageContaining("40 tokens")
          .hasMessageContaining("up to the " + ByteLevelHost.CONTEXT);
    }
  }

  @Test
  void theFewestIdsOfATextAreNeverMoreThanItsIds() {
    try (LlamaCppHost host = host("gpt-2")) {
      for (String text : List.of("", "a", "aaaaaaaa", "The court held.", "\u4f60".repeat(9))) {
        int ids = host.tokenizer().encode(text, false, false).length;
        assertThat(host.tokenizer().fewestIds(text)).isLessThanOrEqualTo(ids);
      }
      assertThat(host.tokenizer().fewestIds("a".repeat(4_001))).isEqualTo(1_000);
    }
  }
}

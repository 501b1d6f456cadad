package dev.mneme.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mneme.store.gguf.GgufWriter;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a file leaves out of its tokenizer's settings is what the library takes for it. */
class SpecialIdsTest {

  private static final int B = 2 + 'b';

  @TempDir Path directory;

  private LlamaCppHost host(String pre, Consumer<GgufWriter> more) {
    return LlamaCppHost.open(
        ByteLevelHost.write(directory.resolve("host.gguf"), pre, more), LlamaCppOptions.defaults());
  }

  @ParameterizedTest
  @CsvSource({"llama-bpe, true", "tekken, true", "falcon3, true", "qwen2, false", "gpt-2, false"})
  void thePreTokenizerTellsWhetherTextsBeginWithAMark(String pre, boolean begins) {
    try (LlamaCppHost host =
        host(pre, gguf -> gguf.putUint32("tokenizer.ggml.bos_token_id", ByteLevelHost.BOS))) {
      int[] expected = begins ? new int[] {ByteLevelHost.BOS, B} : new int[] {B};
      assertThat(host.tokenizer().encode("b")).isEqualTo(expected);
      assertThat(host.tokenizer().encode("b", false, false)).containsExactly(B);
      assertThat(host.vocabulary().beginsWithBos()).isEqualTo(begins);
    }
  }

  @ParameterizedTest
  @CsvSource({"llama-bpe, false", "gpt-2, true"})
  void theFilesOwnWordOnTheFirstMarkCounts(String pre, boolean says) {
    try (LlamaCppHost host =
        host(
            pre,
            gguf ->
                gguf.putUint32("tokenizer.ggml.bos_token_id", ByteLevelHost.BOS)
                    .putBool("tokenizer.ggml.add_bos_token", says))) {
      assertThat(host.tokenizer().encode("b")).hasSize(says ? 2 : 1);
      assertThat(host.vocabulary().beginsWithBos()).isEqualTo(says);
    }
  }

  @Test
  void noBlankIsAddedBeforeAByteLevelTextWhateverTheFileSays() {
    try (LlamaCppHost host =
        host("gpt-2", gguf -> gguf.putBool("tokenizer.ggml.add_space_prefix", true))) {
      assertThat(host.tokenizer().addsLeadingSpace()).isFalse();
      assertThat(host.tokenizer().decode(host.tokenizer().encode(" b"))).isEqualTo(" b");
    }
  }

  @Test
  void anEndIdOutsideTheVocabularyIsWhatTheLibraryTakesInstead() {
    try (LlamaCppHost outside =
            host("gpt-2", gguf -> gguf.putUint32("tokenizer.ggml.eos_token_id", 99_999));
        LlamaCppHost absent = host("gpt-2", gguf -> {});
        LlamaCppHost named =
            host("gpt-2", gguf -> gguf.putUint32("tokenizer.ggml.eos_token_id", 1))) {
      assertThat(outside.vocabulary().endIds()).isEqualTo(absent.vocabulary().endIds());
      assertThat(named.vocabulary().endIds()).contains(1);
    }
  }

  @Test
  void aFirstIdThatNobodyNamesIsNone() {
    try (LlamaCppHost host = host("gpt-2", gguf -> {})) {
      assertThat(host.vocabulary().bos()).isEmpty();
    }
  }
}

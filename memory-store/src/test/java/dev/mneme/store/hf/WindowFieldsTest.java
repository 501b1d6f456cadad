package dev.mneme.store.hf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MalformedFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which blocks of a model have a sliding window. */
class WindowFieldsTest {

  private static final String FULL = "full_attention";
  private static final String SLIDING = "sliding_attention";

  @TempDir private Path directory;

  private Optional<SlidingWindow> window(String family, Consumer<ObjectNode> edit) {
    return SmallConfig.read(directory, family, edit).shape().attention().window();
  }

  private static Consumer<ObjectNode> kinds(String... kinds) {
    return c -> {
      c.put("sliding_window", 8).put("use_sliding_window", true);
      ArrayNode list = c.putArray("layer_types");
      for (String kind : kinds) {
        list.add(kind);
      }
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"mistral", "qwen2", "qwen3", "gemma3_text"})
  void aListOfKindsDecides(String family) {
    assertThat(window(family, kinds(FULL, SLIDING, SLIDING, FULL)))
        .hasValue(new SlidingWindow(8, Set.of(1, 2)));
    assertThat(window(family, kinds(FULL, FULL, FULL, FULL))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"mistral", "qwen2", "qwen3", "gemma3_text"})
  void theOlderNameOfFullAttentionIsKnown(String family) {
    assertThat(window(family, kinds("attention", SLIDING, "attention", SLIDING)))
        .hasValue(new SlidingWindow(8, Set.of(1, 3)));
  }

  @Test
  void aListWithoutWindowedBlocksLeavesTheWholeContext() {
    assertThat(
            SmallConfig.read(directory, "mistral", kinds(FULL, FULL, FULL, FULL))
                .contextWithoutWindow())
        .isEqualTo(256);
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt2", "gpt_neox"})
  void familiesWithoutWindowReadNoList(String family) {
    assertThat(window(family, kinds(SLIDING, FULL, SLIDING, FULL))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"mistral", "qwen2", "qwen3", "gemma3_text"})
  void refusesAKindOfAttentionThatIsNotComputed(String family) {
    refuses(
        family,
        kinds(FULL, SLIDING, "linear_attention", FULL),
        "\"layer_types[2]\" must be",
        "linear_attention");
  }

  @ParameterizedTest
  @ValueSource(strings = {"mistral", "qwen2", "qwen3", "gemma3_text"})
  void refusesAListOfAnotherLength(String family) {
    refuses(family, kinds(FULL, SLIDING), "layer_types", "a list of 4 kinds", "not of 2");
  }

  @Test
  void refusesWindowedBlocksOfAModelThatUsesNoWindow() {
    refuses(
        "qwen2",
        kinds(FULL, SLIDING, FULL, FULL).andThen(c -> c.put("use_sliding_window", false)),
        "\"layer_types[1]\" must be \"full_attention\"");
    refuses(
        "mistral",
        kinds(FULL, SLIDING, FULL, FULL).andThen(c -> c.putNull("sliding_window")),
        "\"layer_types[1]\" must be \"full_attention\"");
  }

  private void refuses(String family, Consumer<ObjectNode> edit, String... words) {
    assertThatThrownBy(() -> window(family, edit))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll(words);
  }
}

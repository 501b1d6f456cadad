package dev.mneme.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mneme.Generation;
import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.store.ClassPathModels;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The language model in the jar mneme-host-3m is what its card says. */
class ShippedHostTest {

  private static MemoryAugmentedModel model;

  @BeforeAll
  static void openIt() {
    model = MemoryAugmentedModel.over(HostLoader.open(ClassPathModels.here().host("host-3m")));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Test
  void itPrefersEnglishToShuffledEnglish() {
    String text =
        "The town lies on the east bank of the river. It was founded in the nineteenth century, and"
            + " its first school was opened in 1892. The population was counted again in 2011.";
    String shuffled =
        "bank The 1892 river the east on its town was of the lies founded. century, It in"
            + " nineteenth the and opened first in was school. again 2011 population The counted in"
            + " was";
    assertThat(model.score(text).perplexity()).isLessThan(model.score(shuffled).perplexity() / 3);
  }

  @Test
  void itGoesOnWithWordsAndNotWithNoise() {
    Generation generation =
        model.generate(
            GenerationRequest.of("The museum was opened in")
                .withMaxTokens(24)
                .withStopAtEnd(false));
    String text = generation.text();
    assertThat(text.split("\\s+")).hasSizeGreaterThan(8);
    assertThat(text.codePoints().filter(c -> Character.isLetter(c) || c == ' ').count())
        .isGreaterThan(text.length() * 7L / 10);
  }
}

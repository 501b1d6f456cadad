package dev.mneme.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What shipped recipes must have in common for their comparison to be fair. */
class ShippedRecipesTest {

  private static Recipe read(String name) {
    return Recipe.read(Path.of("recipes", name + ".json"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"biomedicine", "finance", "law"})
  void aPackWithoutNeighboursDiffersInNothingElse(String domain) {
    ObjectNode pack = RecipeJson.of(read(domain));
    ObjectNode plain = RecipeJson.of(read(domain + "-ce"));
    assertThat(plain.path("beta").asDouble()).isZero();
    plain.put("name", domain).set("beta", pack.path("beta"));
    assertThat(plain).isEqualTo(pack);
  }

  @ParameterizedTest
  @ValueSource(strings = {"biomedicine", "finance", "law"})
  void anMlpMemoryLearnsFromTheSameTextTeacherAndNeighbours(String domain) {
    var pack = (MemoryDecoderRecipe) read(domain);
    var mlp = (MlpMemoryRecipe) read(domain + "-mlp");
    assertThat(mlp.domain()).isEqualTo(pack.domain());
    assertThat(mlp.tokenizer()).isEqualTo(pack.tokenizer());
    assertThat(mlp.corpora()).isEqualTo(pack.corpora());
    assertThat(mlp.validation()).isEqualTo(pack.validation());
    assertThat(mlp.evaluation()).isEqualTo(pack.evaluation());
    assertThat(mlp.teacher()).isEqualTo(pack.teacher());
    assertThat(mlp.datastore()).isEqualTo(pack.datastore());
    assertThat(mlp.neighbours()).isEqualTo(pack.neighbours());
    assertThat(mlp.shape().of(192, 8192).parameters()).isEqualTo(513_264); // as the cards say
  }

  @ParameterizedTest
  @ValueSource(strings = {"biomedicine", "finance", "law"})
  void rivalsLearnFromThePacksDocumentsAndBeginWithTheHost(String domain) {
    var pack = (MemoryDecoderRecipe) read(domain);
    for (String host : new String[] {"3m", "10m"}) {
      var tuned = (LanguageModelRecipe) read("dapt-" + domain + "-" + host);
      var adapted = (LanguageModelRecipe) read("lora-" + domain + "-" + host);
      assertThat(tuned.lora()).isEmpty();
      assertThat(adapted.lora()).isPresent();
      assertThat(adapted.rate().steps()).isEqualTo(tuned.rate().steps());
      for (LanguageModelRecipe rival : new LanguageModelRecipe[] {tuned, adapted}) {
        assertThat(rival.corpora()).isEqualTo(pack.corpora());
        assertThat(rival.batches()).isEqualTo(pack.batches());
        assertThat(rival.initial()).contains(new MadeFolder("host-" + host));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"3m", "10m"})
  void aComparisonNamesShippedModelsAndThePacksDocuments(String host) {
    var comparison = (ComparisonRecipe) read("results-" + host);
    assertThat(comparison.host()).isEqualTo(new MadeFolder("host-" + host));
    assertThat(comparison.domains()).hasSize(3);
    for (ComparisonRecipe.Domain domain : comparison.domains()) {
      var pack = (MemoryDecoderRecipe) read(domain.memory().orElseThrow().path());
      assertThat(pack.domain()).isEqualTo(domain.name());
      assertThat(domain.corpora()).isEqualTo(pack.corpora());
      assertThat(comparison.retrieval().datastore()).isEqualTo(pack.datastore());
      assertThat(comparison.retrieval().k()).contains(pack.neighbours().k());
      assertThat(comparison.retrieval().temperatures()).contains(pack.neighbours().temperature());
      for (Rival rival : Rival.values()) {
        rival.folder(domain).ifPresent(model -> assertThat(read(model.path())).isNotNull());
        // An MLP Memory fits no host but its teacher.
        assertThat(rival.folder(domain).isPresent())
            .isEqualTo(rival != Rival.MLP_MEMORY || host.equals("3m"));
      }
    }
  }

  @Test
  void bothHostsAreComparedWithOneAndTheSamePacks() {
    var small = (ComparisonRecipe) read("results-3m");
    var large = (ComparisonRecipe) read("results-10m");
    assertThat(small.domains().stream().map(ComparisonRecipe.Domain::memory))
        .containsExactlyElementsOf(
            large.domains().stream().map(ComparisonRecipe.Domain::memory).toList());
  }
}

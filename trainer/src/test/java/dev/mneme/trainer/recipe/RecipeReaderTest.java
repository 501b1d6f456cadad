package dev.mneme.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mneme.MalformedFileException;
import dev.mneme.store.hf.MlpShape;
import dev.mneme.trainer.text.DocumentSplit;
import dev.mneme.trainer.text.TestText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RecipeReaderTest {

  private static final String MEMORY =
      """
      {
        "kind": "memory-decoder", "name": "law", "domain": "law", "tokenizer": "tokenizer",
        "corpora": [{"files": ["law/train.txt.gz"], "part": {"seed": 5, "share": 0.1, "rest": true}}],
        "teacher": "host",
        "shape": {"hidden": 64, "layers": 2, "heads": 4, "kvHeads": 2, "feedForward": 96},
        "rate": {"steps": 30}
      }
      """;

  @TempDir Path directory;

  private Recipe read(String json) {
    return Recipe.read(TestText.write(directory.resolve("recipe.json"), json));
  }

  static Stream<Path> shipped() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("recipes"))) {
      return files.filter(file -> file.toString().endsWith(".json")).sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("shipped")
  void everyShippedRecipeIsReadAndNamesItself(Path file) {
    Recipe recipe = Recipe.read(file);
    assertThat(file.getFileName()).hasToString(recipe.name() + ".json");
    if (recipe instanceof TrainingRecipe training) {
      assertThat(training.evaluation()).isNotEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("shipped")
  void aRecipeWithItsDefaultsFilledInIsTheSameRecipe(Path file) {
    Recipe recipe = Recipe.read(file);
    assertThat(read(RecipeJson.of(recipe).toString())).isEqualTo(recipe);
  }

  @Test
  void whatIsLeftOutHasTheDefaultsThatTheHelpShows() throws IOException {
    JsonNode filled = RecipeJson.of(read(MEMORY));
    for (RecipeHelp.Line line : RecipeHelp.lines("memory-decoder")) {
      JsonNode value = filled.at("/" + line.path().replace('.', '/'));
      if (line.path().contains("[]") || line.byDefault().equals("required")) {
        continue;
      }
      if (line.byDefault().equals("none")) {
        assertThat(value.isMissingNode()).isEqualTo(!line.path().equals("shape"));
      } else if (!line.byDefault().equals("{}")) {
        JsonNode shown = new ObjectMapper().readTree(line.byDefault());
        if (shown.isNumber()) {
          assertThat(value.asDouble()).as(line.path()).isEqualTo(shown.asDouble());
        } else {
          assertThat(value).as(line.path()).isEqualTo(shown);
        }
      }
    }
  }

  @Test
  void theSettingsReachWhatTheyDescribe() {
    var recipe = (MemoryDecoderRecipe) read(MEMORY);
    assertThat(recipe.shape().orElseThrow().of(300).parameters()).isPositive();
    assertThat(recipe.rate().rate().at(0)).isEqualTo(0.001);
    assertThat(recipe.corpora().getFirst().in(directory).part())
        .contains(DocumentSplit.part(5, 0.1).rest());
    assertThat(recipe.corpora().getFirst().in(directory).files())
        .containsExactly(directory.resolve("law/train.txt.gz"));
    assertThat(recipe.teacher().in(directory)).isEqualTo(directory.resolve("host"));
  }

  private void assertRefused(String from, String to, String... words) {
    String json = MEMORY.replace(from, to);
    assertThat(json).isNotEqualTo(MEMORY);
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining(directory.resolve("recipe.json").toString())
        .hasMessageContainingAll(words);
  }

  @Test
  void anUnknownSettingIsNamedWithTheNearestKnownOne() {
    assertRefused(
        "\"layers\"",
        "\"layer\"",
        "\"shape.layer\" is no setting; did you mean \"layers\"?; there are: hidden, layers,",
        "\"shape.layers\" is missing: blocks, in [1, 1000]");
  }

  @Test
  void aSettingInTheWrongPlaceIsPointedToItsOwn() {
    assertRefused(
        "\"domain\": \"law\"",
        "\"domain\": \"law\", \"temperature\": 16",
        "\"temperature\" is no setting; did you mean \"neighbours.temperature\"?");
  }

  @Test
  void numbersOutOfRangeAreShownWithTheirRange() {
    assertRefused(
        "\"steps\": 30",
        "\"steps\": 0",
        "\"rate.steps\" must be a whole number in [1, 1e9], found 0");
    assertRefused("\"steps\": 30", "\"steps\": 1.5", "found 1.5");
    assertRefused("\"steps\": 30", "\"steps\": \"30\"", "found \"30\"");
    assertRefused(
        "\"steps\": 30",
        "\"steps\": 30, \"peak\": 1",
        "\"rate.peak\" must be a number in (0, 1), found 1");
    assertRefused("0.1", "1.5", "\"corpora[0].part.share\" must be a number in (0, 1), found 1.5");
    assertRefused(
        "\"steps\": 30",
        "\"steps\": null",
        "\"rate.steps\" must be a whole number in [1, 1e9], found null");
  }

  @Test
  void otherValuesAreShownWithWhatIsAllowed() {
    assertRefused(
        "\"rest\": true", "\"rest\": 1", "\"corpora[0].part.rest\" must be true or false, found 1");
    assertRefused(
        "\"steps\": 30",
        "\"steps\": 30, \"decay\": \"cos\"",
        "\"rate.decay\" must be one of constant, linear, cosine, found \"cos\"");
    assertRefused(
        "[\"law/train.txt.gz\"]",
        "[]",
        "\"corpora[0].files\" must have a number of elements in [1, 10000], found 0");
    assertRefused(
        "[\"law/train.txt.gz\"]",
        "\"law\"",
        "\"corpora[0].files\" must be an array, found \"law\"");
    assertRefused("{\"steps\": 30}", "30", "\"rate\" must be an object, found 30");
    assertRefused("\"domain\": \"law\"", "\"domain\": 7", "\"domain\" must be a string, found 7");
  }

  @Test
  void pathsOfOneMachineAreRefused() {
    for (String path : List.of("/law.txt", "../law.txt", "a/../../law.txt", "c:/law.txt", "")) {
      assertRefused(
          "law/train.txt.gz",
          path,
          "\"corpora[0].files[0]\" is \"" + path + "\": expected a path inside the data folder");
    }
    assertRefused(
        "\"host\"",
        "\"/host\"",
        "\"teacher\" is \"/host\": expected a path inside the work folder");
  }

  @Test
  void aNameThatIsNoFolderIsRefused() {
    assertRefused(
        "\"name\": \"law\"",
        "\"name\": \"Law pack\"",
        "\"name\" is \"Law pack\": expected 1 to 64 of a-z");
  }

  @Test
  void settingsThatDoNotFitEachOtherAreRefusedWithBoth() {
    assertRefused(
        "\"heads\": 4", "\"heads\": 3", "\"shape\": 3 heads do not divide a hidden width of 64");
    assertRefused("\"kvHeads\": 2", "\"kvHeads\": 3", "\"shape\": 3 kvHeads do not divide 4 heads");
    assertRefused(
        "\"steps\": 30",
        "\"steps\": 30, \"warmup\": 30",
        "\"rate\": a warm-up of 30 steps does not end within 30 steps");
    assertRefused(
        "\"teacher\"",
        "\"neighbours\": {\"lists\": 4, \"probes\": 5}, \"teacher\"",
        "\"neighbours\": 5 probes of only 4 lists");
    assertRefused(
        "\"teacher\"",
        "\"datastore\": {\"context\": 16, \"stride\": 17}, \"teacher\"",
        "\"datastore\": a stride of 17 leaves gaps between windows of 16");
    assertRefused(
        "\"teacher\"",
        "\"batches\": {\"length\": 600}, \"teacher\"",
        "batches.length 600 is more than shape.context 512");
    assertRefused(
        "\"teacher\"",
        "\"initial\": \"host\", \"teacher\"",
        "give \"shape\" for a new network or \"initial\"",
        "not both");
    assertRefused(
        "\"seed\": 5", "\"seed\": 5e40", "\"corpora[0].part.seed\" must be a whole number");
    assertRefused(
        "[\"law/train.txt.gz\"]",
        "[\"a\"], \"only\": [\"x\"], \"without\": [\"y\"]",
        "\"corpora[0]\": give \"only\" or \"without\", not both");
  }

  private static final String MLP =
      """
      {
        "kind": "mlp-memory", "name": "law", "domain": "law", "tokenizer": "tokenizer",
        "corpora": [{"files": ["law/train.txt.gz"]}], "teacher": "host",
        "shape": {"hidden": 64, "layers": 2, "feedForward": 96}, "rate": {"steps": 30}
      }
      """;

  @Test
  void anMlpMemoryHasThePapersLossAndReadsTheDatastoreUnlessSaidOtherwise() {
    var recipe = (MlpMemoryRecipe) read(MLP);
    assertThat(recipe.beta()).isEqualTo(0.4);
    assertThat(recipe.activations()).isEqualTo(MlpMemoryRecipe.Activations.OFFLINE);
    assertThat(recipe.batches().rows()).isEqualTo(4096);
    assertThat(recipe.shape().style()).isEqualTo(MlpShape.Style.MISTRAL);
    assertThat(recipe.shape().of(64, 300).transform()).isFalse();
    assertThat(recipe.shape().of(48, 300).transform()).isTrue();
    assertThat(recipe.shape().of(48, 300).input()).isEqualTo(48);
  }

  @Test
  void wrongSettingsOfAnMlpMemoryAreRefused() {
    assertThatThrownBy(() -> read(MLP.replace("\"shape\"", "\"tap\": \"l_out\", \"shape\"")))
        .hasMessageContaining("\"tap\" is no setting");
    assertThatThrownBy(() -> read(MLP.replace("\"layers\": 2", "\"layers\": 0")))
        .hasMessageContaining("\"shape.layers\" must be a whole number in [1, 1000], found 0");
    assertThatThrownBy(
            () -> read(MLP.replace("\"layers\": 2", "\"layers\": 2, \"style\": \"llama\"")))
        .hasMessageContaining("\"shape.style\" must be one of mistral, gpt2, found \"llama\"");
    String online = MLP.replace("\"shape\"", "\"activations\": \"online\", \"shape\"");
    assertThat(read(online)).isNotNull();
    assertThatThrownBy(
            () -> read(online.replace("\"shape\"", "\"batches\": {\"rows\": 1000}, \"shape\"")))
        .hasMessageContaining("batches.rows 1000 is no multiple of datastore.context 512");
  }

  @Test
  void anUnknownKindIsNamedWithTheKnownOnes() {
    assertRefused(
        "\"memory-decoder\"",
        "\"memory-decoders\"",
        "\"kind\" must be one of \"tokenizer\", \"language-model\", \"memory-decoder\"",
        "did you mean \"memory-decoder\"?");
    assertRefused("\"kind\": \"memory-decoder\",", "", "\"kind\" is missing");
  }

  @Test
  void allWrongSettingsAreNamedAtOnce() {
    assertThatThrownBy(
            () ->
                read(
                    MEMORY
                        .replace("\"steps\": 30", "\"step\": 30, \"peak\": 2")
                        .replace("0.1", "0")))
        .hasMessageContaining("4 settings are wrong")
        .hasMessageContainingAll("\"rate.step\"", "\"rate.steps\"", "\"rate.peak\"", "part.share");
  }

  @Test
  void textThatIsNoJsonAndKeysNamedTwiceAreRefusedWithThePlace() {
    assertThatThrownBy(() -> read("{\"kind\": }")).hasMessageContaining("line 1, column 10");
    assertRefused("\"domain\"", "\"name\": \"x\", \"domain\"", "not valid JSON at line 2", "name");
  }

  @Test
  void lowRankTrainingNeedsANetworkToChange() {
    String json =
        MEMORY
            .replace("memory-decoder", "language-model")
            .replace("\"domain\": \"law\",", "")
            .replace("\"teacher\": \"host\",", "\"lora\": {\"rank\": 0},");
    assertThatThrownBy(() -> read(json))
        .hasMessageContaining("\"lora.rank\" must be a whole number in [1, 65536], found 0");
    assertThatThrownBy(() -> read(json.replace("\"rank\": 0", "\"alpha\": 4")))
        .hasMessageContaining("\"lora\" changes a network that is there; name it in \"initial\"");
  }
}

package dev.mneme.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mneme.HostIdentity;
import dev.mneme.MnemeException;
import dev.mneme.Tap;
import dev.mneme.TappedHost;
import dev.mneme.store.HostNorms;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackKind;
import dev.mneme.store.hf.HuggingFaceModel;
import dev.mneme.store.hf.MlpShape;
import dev.mneme.store.safetensors.SafeTensorsFile;
import dev.mneme.trainer.recipe.RunListener.Status;
import dev.mneme.trainer.text.BpeTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All kinds of recipes on a few kilobytes of made-up text, at once and with interruptions. */
class RecipeRunTest {

  /** Stops a run as a kill would, at a place that the test chooses. */
  private static final class Interrupted extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  @TempDir static Path directory;
  private static Path data = Path.of("");
  private static Path work = Path.of("");

  @BeforeAll
  static void trainATokenizerAndAHost() throws IOException {
    data = TinyRecipes.data(directory);
    work = directory.resolve("work");
    run(work, TinyRecipes.TOKENIZER);
    run(work, TinyRecipes.HOST);
  }

  private static RecipeRun.Result run(Path where, String recipe) {
    return new RecipeRun(data, where, 0, false)
        .run(TinyRecipes.read(directory, recipe), status -> {});
  }

  private static void interrupt(Path where, String recipe, Predicate<Status> at) {
    assertThatThrownBy(
            () ->
                new RecipeRun(data, where, 0, false)
                    .run(
                        TinyRecipes.read(directory, recipe),
                        status -> {
                          if (at.test(status)) {
                            throw new Interrupted();
                          }
                        }))
        .isInstanceOf(Interrupted.class);
  }

  private static String weights(Path where, String name) {
    return Digests.sha256(where.resolve(name).resolve("model.safetensors"));
  }

  /** Another work folder with the same tokenizer and host. */
  private static Path copyOfWork(String name) throws IOException {
    Path copy = directory.resolve(name);
    for (String part : List.of("tokenizer", "host")) {
      Files.createDirectories(copy.resolve(part));
      try (var files = Files.list(work.resolve(part))) {
        for (Path file : files.toList()) {
          Files.copy(file, copy.resolve(part).resolve(file.getFileName()));
        }
      }
    }
    return copy;
  }

  @Test
  void aTokenizerAndAModelWithItsTokenizerComeOut() {
    assertThat(BpeTokenizer.read(work.resolve("tokenizer/tokenizer.json")).size()).isEqualTo(300);
    try (var host = HuggingFaceModel.open(work.resolve("host"))) {
      assertThat(host.config().vocabulary()).isEqualTo(300);
      assertThat(host.config().context()).isEqualTo(48);
      assertThat(host.tokenizer().vocabulary().size()).isEqualTo(300);
    }
  }

  @Test
  void aHostTrainedWithInterruptionsIsTheSame() throws IOException {
    Path other = directory.resolve("interrupted");
    interrupt(other, TinyRecipes.TOKENIZER, at -> at.stage().equals("check") && at.done() == 2);
    interrupt(other, TinyRecipes.TOKENIZER, at -> at.stage().equals("tokenizer"));
    assertThat(other.resolve("tokenizer")).doesNotExist();
    run(other, TinyRecipes.TOKENIZER);
    assertThat(other.resolve("tokenizer/tokenizer.json"))
        .hasSameBinaryContentAs(work.resolve("tokenizer/tokenizer.json"));
    interrupt(other, TinyRecipes.HOST, at -> at.stage().equals("tokenize") && at.done() > 2000);
    interrupt(other, TinyRecipes.HOST, at -> at.stage().equals("train") && at.done() == 3);
    interrupt(other, TinyRecipes.HOST, at -> at.stage().equals("train") && at.done() == 5);
    assertThat(other.resolve("host")).doesNotExist();
    var steps = new ArrayList<Long>();
    new RecipeRun(data, other, 0, false)
        .run(
            TinyRecipes.read(directory, TinyRecipes.HOST),
            status -> {
              if (status.stage().equals("train")) {
                steps.add(status.done());
              }
            });
    assertThat(steps).containsExactly(5L, 6L);
    assertThat(weights(other, "host")).isEqualTo(weights(work, "host"));
  }

  @Test
  void aPackFromInvertedListsIsTheSameWithInterruptionsInEveryStage() throws IOException {
    RecipeRun.Result whole = run(work, TinyRecipes.LISTS);
    MemoryPack pack = MemoryPack.open(whole.output());
    assertThat(pack.name()).isEqualTo("lists");
    assertThat(pack.manifest().domain()).isEqualTo("made-up words");
    assertThat(pack.recommendedLambda()).hasValue(0.45);
    assertThat(pack.vocabulary().size()).isEqualTo(300);
    assertThat(whole.json().path("recall").asDouble()).isBetween(0.5, 1.0);
    assertThat(whole.json().path("keptMass").asDouble()).isBetween(0.5, 1.0);

    Path other = copyOfWork("interrupted-lists");
    interrupt(other, TinyRecipes.LISTS, at -> at.stage().equals("datastore") && at.done() > 500);
    interrupt(other, TinyRecipes.LISTS, at -> at.stage().equals("neighbours") && at.done() > 500);
    interrupt(other, TinyRecipes.LISTS, at -> at.stage().equals("train") && at.done() == 4);
    assertThat(other.resolve("lists")).doesNotExist();
    run(other, TinyRecipes.LISTS);
    assertThat(MemoryPack.open(other.resolve("lists")).digest()).isEqualTo(pack.digest());
  }

  @Test
  void anMlpMemoryIsAPackForItsTeacherAndTheSameWithInterruptions() throws IOException {
    RecipeRun.Result whole = run(work, TinyRecipes.MLP);
    MemoryPack pack = MemoryPack.open(whole.output());
    assertThat(pack.name()).isEqualTo("mlp");
    assertThat(pack.recommendedLambda()).hasValue(0.35);
    HostIdentity teacher = HostNorms.ofHuggingFace(work.resolve("host"));
    assertThat(pack.kind())
        .isEqualTo(new PackKind.MlpMemory(new TappedHost(teacher, Tap.lastFeedForwardInput())));
    assertThat(pack.network())
        .isEqualTo(new MlpShape(MlpShape.Style.MISTRAL, 32, 24, 40, 2, 300, 1e-5, true));
    assertThat(whole.json().path("trainedWeights").asLong())
        .isEqualTo(whole.json().path("weights").asLong())
        .isEqualTo(((MlpShape) pack.network()).parameters());
    assertThat(whole.json().path("tokens").asLong()).isEqualTo(6 * 96);
    double first = whole.json().at("/curve/0/validationPerplexity").asDouble();
    assertThat(whole.json().path("validationPerplexity").asDouble()).isBetween(1.0, first);

    Path other = copyOfWork("interrupted-mlp");
    interrupt(other, TinyRecipes.MLP, at -> at.stage().equals("datastore") && at.done() > 500);
    interrupt(other, TinyRecipes.MLP, at -> at.stage().equals("neighbours") && at.done() > 500);
    interrupt(other, TinyRecipes.MLP, at -> at.stage().equals("train") && at.done() == 4);
    assertThat(other.resolve("mlp")).doesNotExist();
    run(other, TinyRecipes.MLP);
    run(other, TinyRecipes.MLP); // finished: nothing changes
    assertThat(MemoryPack.open(other.resolve("mlp")).digest()).isEqualTo(pack.digest());
  }

  @Test
  void bothKindsOfMemoryShareDatastoreAndNeighbours() throws IOException {
    Path other = copyOfWork("shared");
    run(other, TinyRecipes.LISTS);
    var stages = new TreeSet<String>();
    new RecipeRun(data, other, 0, false)
        .run(TinyRecipes.read(directory, TinyRecipes.MLP), status -> stages.add(status.stage()));
    assertThat(stages).containsExactly("check", "train");
  }

  @Test
  void anMlpMemoryCanReadItsTeacherWhileItLearns() {
    String online =
        TinyRecipes.MLP
            .replace("\"mlp\"", "\"online\"")
            .replace("\"batches\"", "\"activations\": \"online\", \"batches\"");
    RecipeRun.Result result = run(work, online);
    assertThat(result.json().at("/recipe/activations").asText()).isEqualTo("online");
    double first = result.json().at("/curve/0/validationPerplexity").asDouble();
    assertThat(result.json().path("validationPerplexity").asDouble()).isBetween(1.0, first);

    String plain =
        online
            .replace("\"online\", \"domain", "\"plain-online\", \"domain")
            .replace("\"lambda\"", "\"beta\": 0, \"lambda\"");
    assertThat(stages(run(work, plain).json()))
        .containsExactly("check", "tokenize", "tokenize validation", "train", "export");
    String offline =
        plain
            .replace("plain-online", "plain-offline")
            .replace("s\": \"online\"", "s\": \"offline\"");
    assertThat(stages(run(work, offline).json()))
        .containsExactly(
            "check", "tokenize", "tokenize validation", "datastore", "train", "export");
  }

  @Test
  void aPackFromAnExactSearchIsMadeWithoutValidationText() throws IOException {
    interrupt(work, TinyRecipes.EXACT, at -> at.stage().equals("train") && at.done() == 3);
    RecipeRun.Result result = run(work, TinyRecipes.EXACT);
    assertThat(MemoryPack.open(result.output()).name()).isEqualTo("exact");
    assertThat(result.json().path("recall").asDouble()).isEqualTo(1);
    assertThat(result.json().has("validationPerplexity")).isFalse();
    assertThat(Files.readString(result.report())).doesNotContain("NaN");
  }

  @Test
  void withoutNeighboursInTheTargetNoDatastoreIsMade() {
    String recipe =
        TinyRecipes.EXACT
            .replace("\"lambda\"", "\"beta\": 0, \"lambda\"")
            .replace("exact", "plain")
            .replace("\"steps\": 6", "\"steps\": 3");
    RecipeRun.Result result = run(work, recipe);
    assertThat(stages(result.json())).containsExactly("check", "tokenize", "train", "export");
    assertThat(MemoryPack.open(result.output()).name()).isEqualTo("plain");
  }

  @Test
  void fullFineTuningBeginsWithTheModelThatIsThere() {
    RecipeRun.Result result = run(work, TinyRecipes.TUNED);
    double first = result.json().at("/curve/0/loss").asDouble();
    double untrained = result("host").at("/curve/0/loss").asDouble();
    assertThat(first).isLessThan(untrained);
    assertThat(weights(work, "tuned")).isNotEqualTo(weights(work, "host"));
  }

  @Test
  void lowRankFineTuningGivesAMergedModelAndIsTheSameWithInterruptions() throws IOException {
    RecipeRun.Result result = run(work, TinyRecipes.LORA);
    JsonNode report = result.json();
    // Rank times inputs and outputs of the four fused matrices of both blocks.
    int perBlock = 3 * ((32 + 64) + (32 + 32) + (32 + 96) + (48 + 32));
    assertThat(report.path("trainedWeights").asLong()).isEqualTo(2L * perBlock);
    assertThat(result("host").path("trainedWeights").asLong())
        .isEqualTo(report.path("weights").asLong());
    double first = report.at("/curve/0/validationPerplexity").asDouble();
    assertThat(report.path("validationPerplexity").asDouble()).isNotEqualTo(first);
    try (var host = HuggingFaceModel.open(work.resolve("host"));
        var adapted = HuggingFaceModel.open(result.output())) {
      assertThat(adapted.config()).isEqualTo(host.config());
    }
    assertThat(embedding(result.output())).isEqualTo(embedding(work.resolve("host")));
    assertThat(weights(work, "adapted")).isNotEqualTo(weights(work, "host"));

    Path other = copyOfWork("interrupted-lora");
    interrupt(other, TinyRecipes.LORA, at -> at.stage().equals("train") && at.done() == 3);
    run(other, TinyRecipes.LORA);
    assertThat(weights(other, "adapted")).isEqualTo(weights(work, "adapted"));
    run(work, TinyRecipes.LORA); // finished: the checkpoint still holds host and changes apart
    assertThat(weights(work, "adapted")).isEqualTo(weights(other, "adapted"));
    assertThatThrownBy(() -> run(other, TinyRecipes.LORA.replace("\"alpha\": 6", "\"alpha\": 7")))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("is the checkpoint of another training");
  }

  private static byte[] embedding(Path folder) {
    try (var file = SafeTensorsFile.open(folder.resolve("model.safetensors"))) {
      return file.data("model.embed_tokens.weight")
          .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    }
  }

  private static List<String> stages(JsonNode report) {
    var names = new ArrayList<String>();
    report.path("stages").forEach(stage -> names.add(stage.path("stage").asText()));
    return names;
  }

  private static JsonNode result(String name) {
    try {
      return new ObjectMapper().readTree(work.resolve(name + ".training/report.json").toFile());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void theReportTellsDataCodeSettingsStagesAndCurve() throws IOException {
    JsonNode report = result("host");
    assertThat(report.at("/recipe/optimiser/beta2").asDouble()).isEqualTo(0.95);
    assertThat(report.at("/code/version").asText()).isNotEmpty().doesNotContain("$");
    assertThat(report.at("/code/classes").asText()).hasSize(64);
    assertThat(report.path("data").findValuesAsText("file"))
        .containsExactly("train.txt", "test.txt", "valid.txt");
    assertThat(report.path("data").findValuesAsText("use"))
        .containsExactly("training", "evaluation", "validation");
    assertThat(report.at("/data/0/sha256").asText())
        .isEqualTo(Digests.sha256(data.resolve("train.txt")));
    assertThat(report.at("/text/documents").asInt()).isEqualTo(30);
    assertThat(report.at("/machine/threads").asInt()).isEqualTo(1);
    assertThat(report.at("/machine/bfloat16").asBoolean(true)).isFalse();
    assertThat(stages(report))
        .containsExactly("check", "tokenize", "tokenize validation", "train", "export");
    assertThat(report.path("tokens").asLong()).isEqualTo(6 * 2 * 32);
    assertThat(report.path("tokensPerSecond").asDouble()).isPositive();
    assertThat(report.path("curve")).hasSize(3);
    assertThat(report.at("/curve/2/validationPerplexity").asDouble())
        .isEqualTo(report.path("validationPerplexity").asDouble())
        .isBetween(1.0, 400.0);
    var image = ImageIO.read(work.resolve("host.training/curves.png").toFile());
    assertThat(image.getWidth()).isGreaterThan(400);
  }

  @Test
  void unfinishedFilesOfKilledRunsAreGoneWhenTheRecipeIsFinished() throws IOException {
    Path other = copyOfWork("left");
    List<Path> left =
        Stream.of(
                "lists/model.safetensors.99.part",
                "lists.training/checkpoint.safetensors.4711.part",
                "lists.training/model/x.part",
                "lists.targets.part",
                "data.4711.part",
                "stages/targets-0123456789abcdef.part",
                "stages/targets-0123456789abcdef.keys.999999999-1700000000000-0123abcd.part")
            .map(other::resolve)
            .toList();
    for (Path file : left) {
      Files.createDirectories(file.resolveSibling("."));
      Files.write(file, new byte[1000]);
    }
    Path download = Files.writeString(other.resolve("film.part"), "of somebody else");
    Path continued = Files.writeString(other.resolve("stages/other.part"), "half");
    Files.writeString(other.resolve("stages/other.mark"), "origin\n0\n");
    run(other, TinyRecipes.LISTS);
    try (var files = Files.walk(other)) {
      assertThat(files.filter(file -> file.toString().endsWith(".part")))
          .containsExactlyInAnyOrder(download, continued);
    }
    Path targets = stage(other, "targets-");
    Files.writeString(targets.resolveSibling(targets.getFileName() + ".part"), "half");
    Files.writeString(targets.resolveSibling(targets.getFileName() + ".mark"), "origin\n0\n");
    run(other, TinyRecipes.LISTS);
    assertThat(targets.resolveSibling(targets.getFileName() + ".part")).doesNotExist();
    assertThat(targets.resolveSibling(targets.getFileName() + ".mark")).doesNotExist();
  }

  private static Path stage(Path where, String prefix) throws IOException {
    try (var files = Files.list(where.resolve("stages"))) {
      return files
          .filter(file -> file.getFileName().toString().matches(prefix + "[0-9a-f]{16}"))
          .findAny()
          .orElseThrow();
    }
  }

  @Test
  void aFinishedRunIsNotDoneAgain() {
    String before = weights(work, "host");
    var seen = new ArrayList<Status>();
    new RecipeRun(data, work, 0, false)
        .run(TinyRecipes.read(directory, TinyRecipes.HOST), seen::add);
    assertThat(seen).isEmpty();
    assertThat(weights(work, "host")).isEqualTo(before);
  }

  @Test
  void theListenerHearsOfStagesInOrderWithRateAndRemainingTime() throws IOException {
    var seen = new ArrayList<Status>();
    new RecipeRun(data, copyOfWork("heard"), 0, false)
        .run(TinyRecipes.read(directory, TinyRecipes.TUNED), seen::add);
    assertThat(seen.stream().map(Status::stage).distinct())
        .containsExactly("check", "tokenize", "train");
    assertThat(seen).isSortedAccordingTo(java.util.Comparator.comparing(Status::number));
    Status last = seen.getLast();
    assertThat(last.done()).isEqualTo(6).isEqualTo(last.all());
    assertThat(last.perSecond()).isPositive();
    assertThat(last.remaining()).isPresent();
    assertThat(last.note()).startsWith("loss ");
    assertThat(last.stages()).isEqualTo(4);
  }
}

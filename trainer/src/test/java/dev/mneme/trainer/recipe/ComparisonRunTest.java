package dev.mneme.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.mneme.MnemeException;
import dev.mneme.Tap;
import dev.mneme.TappedHost;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.LlamaShape;
import dev.mneme.djl.MlpNetwork;
import dev.mneme.store.HostNorms;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackLabel;
import dev.mneme.store.hf.MlpShape;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.trainer.TokenFile;
import dev.mneme.trainer.Tokenize;
import dev.mneme.trainer.text.Corpus;
import dev.mneme.trainer.text.TestText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Comparisons of random models on made-up text. */
class ComparisonRunTest {

  private static final String RECIPE =
      """
      {"kind": "comparison", "name": "results", "tokenizer": "tokenizer", "host": "host",
       "general": "general.txt",
       "domains": [
         {"name": "words", "valid": "valid.txt", "test": "test.txt",
          "corpora": [{"files": ["train.txt"]}],
          "lora": "adapted", "fineTuned": "tuned", "memoryCe": "plain", "memory": "memory",
          "mlpMemory": "mlp"},
         {"name": "others", "valid": "valid2.txt", "test": "test2.txt",
          "fineTuned": "tuned2", "memory": "memory2"}],
       "retrieval": {"datastore": {"context": 32, "stride": 16}, "k": [2, 8],
                      "temperatures": [1, 10], "lists": 4, "probes": 4, "recallSample": 5, "bfloat16": false},
       "window": 32, "stride": 16, "threads": 1}
      """;

  private static final int VOCABULARY = 300;

  @TempDir static Path directory;
  private static Path data = Path.of("");
  private static Path work = Path.of("");
  private static JsonNode json = MissingNode.getInstance();

  @BeforeAll
  static void compareAHostAndSomeOfTheModels() throws IOException {
    data = TinyRecipes.data(directory);
    work = directory.resolve("work");
    for (String name : List.of("general", "valid2", "test2")) {
      TestText.write(data.resolve(name + ".txt"), TestText.sentences(name.hashCode(), 60) + "\n");
    }
    run(TinyRecipes.TOKENIZER);
    for (String name : List.of("host", "adapted", "tuned", "memory", "memory2")) {
      model(work, name);
    }
    mlpMemory("mlp", "host");
    mlpMemory("foreign", "tuned");
    json = run(RECIPE).json();
  }

  /** A pack of random weights that reads a model. */
  private static void mlpMemory(String name, String host) throws IOException {
    Path staged = directory.resolve("staged-" + name);
    var shape = new MlpShape(MlpShape.Style.MISTRAL, 16, 16, 24, 1, 300, 1e-5, false);
    try (MlpNetwork network = MlpNetwork.random(shape, 9, false)) {
      network.save(staged, Dtype.F32, 0);
    }
    Files.copy(work.resolve("tokenizer/tokenizer.json"), staged.resolve("tokenizer.json"));
    var reads =
        new TappedHost(HostNorms.ofHuggingFace(work.resolve(host)), Tap.lastFeedForwardInput());
    MemoryPack.importFrom(
        staged, PackLabel.of(name, "").withLambda(0.4), reads, work.resolve(name));
  }

  private static void model(Path work, String name) throws IOException {
    int blocks = name.equals("tuned") ? 2 : 1; // all norms are 1: only blocks tell hosts apart
    var shape = new LlamaShape(300, 16, blocks, 2, 1, 24, 40, 10_000, 1e-5);
    try (DecoderNetwork network = DecoderNetwork.random(shape, name.hashCode(), false)) {
      network.save(work.resolve(name), Dtype.F16, 0);
    }
    Files.copy(
        work.resolve("tokenizer/tokenizer.json"), work.resolve(name).resolve("tokenizer.json"));
  }

  private static RecipeRun.Result run(String recipe) {
    return new RecipeRun(data, work, 0, false)
        .run(TinyRecipes.read(directory, recipe), status -> {});
  }

  private static JsonNode find(JsonNode results, String row, String domain) {
    for (JsonNode one : results) {
      if (one.path("row").asText().equals(row) && one.path("domain").asText().equals(domain)) {
        return one;
      }
    }
    throw new AssertionError("no row " + row + " of " + domain);
  }

  @Test
  void whatIsThereIsMeasuredAndWhatIsNotIsNamed() throws IOException {
    assertThat(json.path("missing").findValuesAsText("model")).containsExactly("plain", "tuned2");
    JsonNode results = json.path("results");
    assertThat(results.findValuesAsText("row"))
        .containsExactly(
            "host",
            "knnLm",
            "lora",
            "fineTuned",
            "memory",
            "mlpMemory",
            "memory",
            "memoryAndMlpMemory");
    JsonNode host = results.get(0).path("perplexity");
    assertThat(host.path("test.txt").asDouble()).isBetween(200.0, 400.0);
    JsonNode pack = find(results, "memory", "words");
    assertThat(pack.path("perplexity").size()).isEqualTo(4); // valid, both tests, general
    assertThat(pack.path("lambda").asDouble()).isBetween(0.05, 0.95);
    assertThat(find(results, "lora", "words").has("lambda")).isFalse();
    assertThat(json.at("/texts/0/sha256").asText())
        .isEqualTo(Digests.sha256(data.resolve("valid.txt")));
    assertThat(json.at("/models/0/sha256").asText())
        .isEqualTo(Digests.sha256(work.resolve("host/model.safetensors")));

    String tables = Files.readString(work.resolve("results/results.md"));
    assertThat(tables)
        .containsPattern("\\| host alone \\| \\d+\\.\\d\\d \\| \\d+\\.\\d\\d \\| \\d+\\.\\d\\d \\|")
        .containsPattern("\\+ kNN-LM \\| \\d+\\.\\d\\d \\([−+]\\d+ %\\) \\| – \\|")
        .containsPattern("CE only \\| – \\| – \\| – / – \\|")
        .containsPattern("\\| \\+ MLP Memory \\| \\d+\\.\\d\\d \\([−+]\\d+ %\\) \\| – \\|")
        .containsPattern(
            "\\| \\+ Memory Decoder \\+ MLP Memory \\| \\d+\\.\\d\\d \\([−+]\\d+ %\\) \\| – \\|")
        .contains("- plain (+ Memory Decoder, CE only, words)");
    assertThat(ImageIO.read(work.resolve("results/lambda.png").toFile()).getWidth())
        .isGreaterThan(400);
  }

  @Test
  void theWeightIsTheBestOnValidationTextAndThePerplexityThatOfTheSweepThere() {
    JsonNode pack = find(json.path("results"), "memory", "words");
    double best = Double.POSITIVE_INFINITY;
    double lambda = 0;
    double onTest = 0;
    for (JsonNode sweep : json.path("sweeps")) {
      if (!sweep.path("row").asText().equals("memory")
          || !sweep.path("domain").asText().equals("words")) {
        continue;
      }
      for (JsonNode point : sweep.path("points")) {
        double perplexity = point.path("perplexity").asDouble();
        double weight = point.path("lambda").asDouble();
        if (sweep.path("text").asText().equals("valid.txt") && weight > 0 && perplexity < best) {
          best = perplexity;
          lambda = weight;
        }
        if (sweep.path("text").asText().equals("test.txt")
            && weight == pack.path("lambda").asDouble()) {
          onTest = perplexity;
        }
      }
    }
    assertThat(pack.path("lambda").asDouble()).isEqualTo(lambda);
    assertThat(pack.at("/perplexity/test.txt").asDouble()).isCloseTo(onTest, within(1e-9));
  }

  @Test
  void anMlpMemoryIsScoredOnTheHostsActivations() {
    Path tokenizer = work.resolve("tokenizer/tokenizer.json");
    double nll = 0;
    int count = 0;
    try (TokenFile tokens =
            new Tokenize(
                    List.of(Corpus.of(data.resolve("test.txt"))),
                    tokenizer,
                    directory.resolve("test-tokens"),
                    1)
                .run(done -> {});
        DecoderNetwork host = DecoderNetwork.open(work.resolve("host"), false);
        MlpNetwork mlp = MlpNetwork.open(work.resolve("mlp"), false)) {
      for (int document = 0; document < tokens.documents(); document++) {
        int[] ids = tokens.document(document);
        for (int i = 1; i < ids.length; i++, count++) {
          int start = i < 32 ? 0 : Math.ceilDiv(i + 1 - 32, 16) * 16; // of the window of token i
          int[] past = Arrays.copyOfRange(ids, start, i);
          float[] keys = host.keys(new int[][] {past});
          float[] last = Arrays.copyOfRange(keys, keys.length - 16, keys.length);
          nll -=
              Math.log(
                  0.05 * lastProbability(host.logits(past), ids[i])
                      + 0.95 * lastProbability(mlp.logits(last, 1), ids[i]));
        }
      }
    }
    double mixed = 0;
    for (JsonNode sweep : json.path("sweeps")) {
      if (sweep.path("row").asText().equals("mlpMemory")
          && sweep.path("text").asText().equals("test.txt")) {
        JsonNode last = sweep.path("points").get(sweep.path("points").size() - 1);
        assertThat(last.path("lambda").asDouble()).isEqualTo(0.95);
        mixed = last.path("perplexity").asDouble();
      }
    }
    assertThat(mixed).isCloseTo(Math.exp(nll / count), within(1e-2));
  }

  /** What the last row of logits gives an id. */
  private static double lastProbability(float[] logits, int id) {
    int from = logits.length - VOCABULARY;
    double sum = 0;
    for (int i = 0; i < VOCABULARY; i++) {
      sum += Math.exp(logits[from + i]);
    }
    return Math.exp(logits[from + id]) / sum;
  }

  @Test
  void bothMemoriesTogetherAreNoWorseOnValidationTextThanEitherAlone() {
    JsonNode both = find(json.path("results"), "memoryAndMlpMemory", "words");
    double perplexity = both.path("perplexity").path("valid.txt").asDouble();
    for (String alone : List.of("memory", "mlpMemory")) {
      assertThat(perplexity)
          .isLessThanOrEqualTo(
              find(json.path("results"), alone, "words")
                      .path("perplexity")
                      .path("valid.txt")
                      .asDouble()
                  + 1e-9);
    }
    assertThat(both.path("lambda").asDouble() + both.path("lambdaOfMlpMemory").asDouble())
        .isBetween(0.0, 1 + 1e-9);
  }

  @Test
  void anMlpMemoryOfAnotherHostAndAPackOfAnotherKind() {
    assertRefused(
        "\"mlpMemory\": \"mlp\"",
        "\"mlpMemory\": \"foreign\"",
        "\"mlpMemory\"",
        "another host",
        "name the host it was trained on");
    assertRefused(
        "\"mlpMemory\": \"mlp\"", "\"mlpMemory\": \"memory\"", "pack of a memory-decoder");
  }

  @Test
  void neighboursAreTriedInEverySettingAndTheBestOnValidationTextIsTaken() {
    JsonNode row = json.at("/neighbours/0");
    assertThat(row.path("settings")).hasSize(4);
    assertThat(row.path("recall").asDouble()).isBetween(0.9, 1.0); // nearly all lists are probed
    double best = Double.POSITIVE_INFINITY;
    String setting = "";
    for (JsonNode one : row.path("settings")) {
      double perplexity = one.path("perplexity").path("valid.txt").asDouble();
      if (perplexity < best) {
        best = perplexity;
        setting = one.path("k").asText() + " " + one.path("temperature").asText();
      }
    }
    assertThat(row.path("k").asText() + " " + row.path("temperature").asText()).isEqualTo(setting);
    assertThat(row.path("keys").asLong()).isPositive();
    assertThat(row.path("bytes").asLong()).isEqualTo(2 * 16 * row.path("keys").asLong());
  }

  @Test
  void aSecondRunComputesOnlyWhatIsNewAndNeedsNoKeys() throws IOException {
    Path other = directory.resolve("other");
    try (var files = Files.walk(work)) {
      for (Path file : files.toList()) {
        if (!String.valueOf(file.getFileName()).startsWith("datastore-")) {
          Files.copy(file, other.resolve(work.relativize(file)));
        }
      }
    }
    model(other, "plain");
    var stages = new TreeSet<String>();
    RecipeRun.Result second =
        new RecipeRun(data, other, 0, false)
            .run(TinyRecipes.read(directory, RECIPE), status -> stages.add(status.stage()));
    assertThat(stages)
        .containsExactly(
            "score plain on general.txt", "score plain on test.txt", "score plain on valid.txt");
    for (String row : List.of("memory", "knnLm")) {
      assertThat(find(second.json().path("results"), row, "words"))
          .isEqualTo(find(json.path("results"), row, "words"));
    }
    assertThat(second.json().path("missing").findValuesAsText("model")).containsExactly("tuned2");
  }

  private void assertRefused(String from, String to, String... words) {
    assertThat(RECIPE).contains(from);
    assertThatThrownBy(() -> run(RECIPE.replace(from, to)))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(words);
  }

  @Test
  void aHostThatIsNotThere() {
    assertRefused("\"host\": \"host\"", "\"host\": \"no\"", "no model for \"host\"", "recipe");
  }

  @Test
  void windowsThatAModelCannotRead() {
    assertRefused(
        "\"window\": 32",
        "\"window\": 42",
        "\"window less one\" is 41",
        work.resolve("host").toString(),
        "at most 40 tokens");
  }

  @Test
  void textThatIsNotThere() {
    assertRefused("test2.txt", "test3.txt", "no such text", "test3.txt", "--data");
  }

  @Test
  void textWithoutAnyDocument() {
    TestText.write(data.resolve("empty.txt"), "");
    assertRefused("test2.txt", "empty.txt", "0 documents", "give more text");
  }

  @Test
  void moreNeighboursThanTheDatastoreHasKeys() {
    assertRefused("[2, 8]", "[2, 90000]", "90000 neighbours are asked for", "fewer neighbours");
  }

  @Test
  void settingsThatDoNotFit() {
    assertRefused("[2, 8]", "[8, 2]", "k must begin with the smallest", "[8, 2]");
    assertRefused("[2, 8]", "[2, 0]", "\"retrieval.k[1]\" must be a whole number in [1, 1e5]");
    assertRefused("[1, 10]", "[0, 1]", "\"retrieval.temperatures[0]\" must be a number in (0,");
    assertRefused("\"stride\": 16, \"threads\"", "\"stride\": 32, \"threads\"", "leaves gaps");
    assertRefused("\"name\": \"others\"", "\"name\": \"words\"", "two domains have one name");
  }
}

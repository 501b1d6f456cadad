package dev.mneme.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mneme.cli.Mneme;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Random;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The trainer's comparison and {@code mneme eval}: two engines, one protocol, one figure. */
class ComparisonTest {

  private static final String LEARNING =
      """
      "tokenizer": "tokenizer", "corpora": [{"files": ["train.txt"]}],
      "shape": {"hidden": 32, "layers": 2, "heads": 2, "kvHeads": 1, "feedForward": 48,
                "context": 48},
      "batches": {"length": 32, "sequences": 4},
      "rate": {"steps": 30, "warmup": 3, "peak": 0.01},
      "compute": {"threads": 1, "bfloat16": false}
      """;

  @TempDir Path directory;

  private String run(Object... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    int code =
        Mneme.commandLine()
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
    assertThat(code).as(err.toString()).isZero();
    return out.toString();
  }

  private String train(String recipe) throws IOException {
    Path file = Files.writeString(directory.resolve("recipe.json"), recipe);
    return run("train", file, "--data", directory, "--work", directory.resolve("work"), "--json");
  }

  /** Documents in which a word mostly decides the next, so that what is before matters. */
  private void write(String name, long seed, int documents) throws IOException {
    var random = new Random(seed);
    var all = new ArrayList<String>();
    for (int i = 0; i < documents; i++) {
      var text = new StringBuilder();
      int word = random.nextInt(40);
      for (int n = 20 + random.nextInt(90); n > 0; n--) {
        text.append(Integer.toString(word * 7_919, 30)).append(n % 9 == 0 ? "\n" : " ");
        word = random.nextInt(4) == 0 ? random.nextInt(40) : (word * 7 + 3) % 40;
      }
      all.add(text.toString().strip());
    }
    Files.writeString(directory.resolve(name), String.join("\n\n", all) + "\n");
  }

  @Test
  void hostMemoryAndMixtureHaveThePerplexityThatEvalGives() throws IOException {
    write("train.txt", 1, 60);
    write("valid.txt", 2, 3);
    write("test.txt", 3, 5);
    train(
        """
        {"kind": "tokenizer", "name": "tokenizer", "corpora": [{"files": ["train.txt"]}],
         "vocabulary": 300}
        """);
    train("{\"kind\": \"language-model\", \"name\": \"host\", %s}".formatted(LEARNING));
    train(
        "{\"kind\": \"memory-decoder\", \"name\": \"pack\", \"domain\": \"words\", \"teacher\": \"host\", \"datastore\": {\"context\": 48, \"stride\": 24}, \"beta\": 0, \"initialSeed\": 7, %s}"
            .formatted(LEARNING));
    JsonNode results =
        new ObjectMapper()
            .readTree(
                train(
                    """
                    {"kind": "comparison", "name": "results", "tokenizer": "tokenizer",
                     "host": "host", "general": "valid.txt", "window": 40, "stride": 14,
                     "domains": [{"name": "words", "valid": "valid.txt", "test": "test.txt",
                                  "memory": "pack"}]}
                    """));
    Path gguf = directory.resolve("host.gguf");
    run("convert", directory.resolve("work/host"), "--out", gguf, "--type", "f16");
    JsonNode eval =
        new ObjectMapper()
            .readTree(
                run(
                    "eval",
                    "--host",
                    gguf,
                    "--memory",
                    directory.resolve("work/pack"),
                    "--lambda",
                    0.5,
                    "--text",
                    directory.resolve("test.txt"),
                    "--window",
                    40,
                    "--stride",
                    14,
                    "--json"));
    JsonNode tokens = results.path("texts").get(1);
    assertThat(tokens.path("file").asText()).isEqualTo("test.txt");
    assertThat(tokens.path("tokens").asLong()).isEqualTo(eval.path("tokens").asLong());
    var tolerance = Percentage.withPercentage(0.1);
    double host = results.at("/results/0/perplexity").path("test.txt").asDouble();
    assertThat(host).isCloseTo(eval.at("/perplexity/host").asDouble(), tolerance).isLessThan(60);
    assertThat(mixture(results, "test.txt", 0.5))
        .isCloseTo(eval.at("/perplexity/mixture").asDouble(), tolerance);
  }

  private static double mixture(JsonNode results, String text, double lambda) {
    for (JsonNode sweep : results.path("sweeps")) {
      for (JsonNode point : sweep.path("points")) {
        if (sweep.path("text").asText().equals(text) && point.path("lambda").asDouble() == lambda) {
          return point.path("perplexity").asDouble();
        }
      }
    }
    throw new AssertionError("no mixture at " + lambda + " on " + text);
  }
}

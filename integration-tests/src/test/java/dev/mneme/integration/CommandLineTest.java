package dev.mneme.integration;

import static dev.mneme.integration.Commands.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mneme.integration.Commands.Outcome;
import dev.mneme.samples.AttachAMemory;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import dev.mneme.trainer.recipe.RecipeHelp;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands as a user types them, on small random models. */
class CommandLineTest {

  @TempDir Path directory;
  private Path host = Path.of("");
  private Path pack = Path.of("");
  private Path text = Path.of("");

  @BeforeEach
  void convertAndImport() throws IOException {
    host = directory.resolve("host.gguf");
    pack = directory.resolve("pack");
    Path model = TinyModel.write(TinyModel.directory(directory, "host"), Family.LLAMA, 1);
    Path memory = TinyModel.write(TinyModel.directory(directory, "memory"), Family.LLAMA, 2);
    assertThat(run("convert", model, "--out", host, "--type", "f32").code()).isZero();
    assertThat(run("import", memory, "--name", "law", "--domain", "law", "--out", pack).code())
        .isZero();
    text =
        Files.writeString(
            directory.resolve("text.txt"),
            "the tenant and the other tenant\nin the inn\n\nanother text on the thing\n");
  }

  private static JsonNode json(Outcome outcome) throws IOException {
    return outcome.json();
  }

  @Test
  void evalGivesHostMemoryAndMixtureAsJson() throws IOException {
    JsonNode json =
        json(
            run(
                "eval",
                "--host",
                host,
                "--memory",
                pack,
                "--lambda",
                "0.3",
                "--text",
                text,
                "--window",
                "32",
                "--cache",
                "f32",
                "--json"));
    assertThat(json.path("tokens").asInt()).isGreaterThan(30);
    assertThat(json.path("bytes").asInt()).isEqualTo(67);
    assertThat(json.path("lambda").path("law").asDouble()).isEqualTo(0.3);
    assertThat(json.path("perplexity").path("memories").has("law")).isTrue();
    assertThat(json.path("tokensPerSecond").asDouble()).isPositive();
    double bits = json.path("bitsPerByte").path("mixture").asDouble();
    double perplexity = json.path("perplexity").path("mixture").asDouble();
    assertThat(bits * 67 * Math.log(2))
        .isCloseTo(Math.log(perplexity) * json.path("tokens").asInt(), within(1e-6));
  }

  @Test
  void aHuggingFaceFolderIsAHostAsItsGgufFileIs() throws IOException {
    double[] perplexities = new double[2];
    String[] texts = new String[2];
    Path[] hosts = {host, directory.resolve("host")};
    for (int i = 0; i < hosts.length; i++) {
      JsonNode json =
          json(
              run(
                  "eval",
                  "--host",
                  hosts[i],
                  "--memory",
                  pack,
                  "--lambda",
                  "0.3",
                  "--text",
                  text,
                  "--window",
                  "32",
                  "--json"));
      perplexities[i] = json.path("perplexity").path("mixture").asDouble();
      texts[i] =
          json(run(
                  "generate",
                  "--host",
                  hosts[i],
                  "--memory",
                  pack,
                  "--prompt",
                  "the other tenant",
                  "--max-tokens",
                  "8",
                  "--json"))
              .path("text")
              .asText();
    }
    assertThat(texts[1]).isNotEmpty().isEqualTo(texts[0]);
    assertThat(perplexities[1]).isCloseTo(perplexities[0], within(0.01 * perplexities[0]));
  }

  @Test
  void optionsOfTheOtherEngineAreRefusedWithWhatToUse() {
    Path folder = directory.resolve("host");
    Outcome cache = run("eval", "--host", folder, "--text", text, "--cache", "f32");
    assertThat(cache.code()).isNotZero();
    assertThat(cache.err()).contains("--precision");
    Outcome precision = run("eval", "--host", host, "--text", text, "--precision", "int8");
    assertThat(precision.code()).isNotZero();
    assertThat(precision.err()).contains("Hugging Face");
  }

  @Test
  void lambdaZeroAndOneGiveHostAndMemory() throws IOException {
    JsonNode zero =
        json(run(
                "eval",
                "--host",
                host,
                "--memory",
                pack,
                "--lambda",
                "0",
                "--text",
                text,
                "--window",
                "32",
                "--json"))
            .path("perplexity");
    assertThat(zero.path("mixture").asDouble()).isEqualTo(zero.path("host").asDouble());
    JsonNode one =
        json(run(
                "eval",
                "--host",
                host,
                "--memory",
                pack,
                "--lambda",
                "1",
                "--text",
                text,
                "--window",
                "32",
                "--json"))
            .path("perplexity");
    assertThat(one.path("mixture").asDouble())
        .isEqualTo(one.path("memories").path("law").asDouble());
  }

  @Test
  void generateExplainsEachToken() throws IOException {
    JsonNode json =
        json(
            run(
                "generate",
                "--host",
                host,
                "--memory",
                pack,
                "--lambda",
                "0.6",
                "--prompt",
                "the",
                "--max-tokens",
                "5",
                "--explain",
                "--json"));
    assertThat(json.path("memories").get(0).path("digest").asText()).startsWith("sha256:");
    for (JsonNode token : json.path("tokens")) {
      assertThat(token.path("shares").path("law").asDouble()).isBetween(0.0, 1.0);
    }
    assertThat(
            run(
                    "generate",
                    "--host",
                    host,
                    "--memory",
                    pack,
                    "--prompt",
                    "the",
                    "--max-tokens",
                    "3",
                    "--explain")
                .out())
        .contains("law 0.");
  }

  @Test
  void theSameSeedGeneratesTheSame() {
    Object[] words = {
      "generate",
      "--host",
      host,
      "--prompt",
      "the",
      "--max-tokens",
      "20",
      "--temperature",
      "1",
      "--seed",
      "4"
    };
    assertThat(run(words).out()).isEqualTo(run(words).out());
  }

  @Test
  void inspectDescribesEveryKindOfFile() {
    assertThat(run("inspect", host).out()).contains("general.architecture = ", "token_embd.weight");
    assertThat(run("inspect", pack).out()).contains("law", "sha256:", "model.safetensors");
    assertThat(run("inspect", pack.resolve("model.safetensors")).out())
        .contains("model.norm.weight");
  }

  @Test
  void theReadmesExampleRuns() {
    var out = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      AttachAMemory.main(new String[] {host.toString(), pack.toString(), "the tenant"});
    } finally {
      System.setOut(before);
    }
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("MemoryUse[name=law");
  }

  @Test
  void aCorruptPackIsNamedWithTheFile() throws IOException {
    Path weights = pack.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 1] ^= 1;
    Files.write(weights, bytes);
    assertFails(
        run("generate", "--host", host, "--memory", pack, "--prompt", "x"),
        "model.safetensors",
        "SHA-256");
  }

  @Test
  void anotherTokenizerIsRefusedWithTheFirstDifferingIds() {
    Path other = TinyModel.write(TinyModel.directory(directory, "other"), Family.GPT2, 3);
    assertFails(run("generate", "--host", host, "--memory", other, "--prompt", "x"), "id 0 is");
  }

  @Test
  void badInputGivesOneErrorLineAndExitOne() throws IOException {
    assertFails(
        run("generate", "--host", directory.resolve("none.gguf"), "--prompt", "x"), "none.gguf");
    assertFails(run("inspect", directory.resolve("none")), "no such file or folder", "host-3m");
    assertFails(run("generate", "--host", text, "--prompt", "x"), "GGUF");
    assertFails(
        run("generate", "--host", host, "--memory", directory.resolve("none"), "--prompt", "x"),
        "none");
    assertFails(run("generate", "--host", host, "--prompt", "long ".repeat(200)), "96");
    assertFails(run("eval", "--host", host, "--text", directory.resolve("none.txt")), "none.txt");
    assertFails(
        run(
            "eval",
            "--host",
            host,
            "--text",
            Files.write(directory.resolve("bad.txt"), new byte[] {(byte) 0xFF})),
        "UTF-8");
    assertFails(
        run(
            "import",
            pack,
            "--name",
            "Bad Name",
            "--domain",
            "law",
            "--out",
            directory.resolve("p2")),
        "name");
    assertFails(run("convert", pack, "--out", host), "exists already");
  }

  @Test
  void anOptionOutOfItsRangeGivesOneErrorLineAndExitTwo() {
    for (List<String> option :
        List.of(
            List.of("--lambda", "1.5"),
            List.of("--temperature", "-1"),
            List.of("--top-p", "2"),
            List.of("--max-tokens", "0"))) {
      Outcome outcome =
          run(
              "generate",
              "--host",
              host,
              "--memory",
              pack,
              option.getFirst(),
              option.getLast(),
              "--prompt",
              "x");
      assertThat(outcome.code()).as(outcome.err()).isEqualTo(2);
      assertThat(outcome.err()).startsWith("error: ").contains(option.getLast());
    }
    Outcome alone = run("generate", "--host", host, "--lambda", "0.5", "--prompt", "x");
    assertThat(alone.code()).isEqualTo(2);
    assertThat(alone.err()).startsWith("error: ").contains("--memory");
  }

  private static void assertFails(Outcome outcome, String... words) {
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).startsWith("error: ").contains(words);
  }

  @Test
  void trainHelpExplainsEverySettingWithItsDefault() {
    Outcome help = run("train", "--help");
    assertThat(help.code()).isZero();
    assertThat(help.out())
        .contains("--data", "--work", "--force")
        .contains(RecipeHelp.text())
        .containsPattern(
            "rate\\.peak +highest learning rate\n +a number in \\(0, 1\\); default 0.001");
  }

  @Test
  void trainNamesAWrongSettingWithItsRangeAndTheNearestKnownOne() throws IOException {
    Path recipe =
        Files.writeString(
            directory.resolve("recipe.json"),
            """
            {"kind": "tokenizer", "name": "t", "corpora": [{"file": ["text.txt"]}],
             "vocabulary": 100}
            """);
    Path work = directory.resolve("work");
    assertFails(
        run("train", recipe, "--data", directory, "--work", work),
        "\"corpora[0].file\" is no setting; did you mean \"files\"?",
        "\"vocabulary\" must be a whole number in [257, 1000000], found 100");
    assertThat(work).doesNotExist();
    assertFails(
        run("train", directory.resolve("none.json"), "--data", directory, "--work", work),
        "none.json");
  }

  @Test
  void trainMakesATokenizerAndPrintsItsReport() throws IOException {
    Path data = Files.createDirectories(directory.resolve("data"));
    Files.writeString(data.resolve("text.txt"), "the tenant gives notice to the other tenant\n");
    Path recipe =
        Files.writeString(
            directory.resolve("recipe.json"),
            """
            {"kind": "tokenizer", "name": "t", "corpora": [{"files": ["text.txt"]}],
             "vocabulary": 260}
            """);
    Path work = directory.resolve("work");
    JsonNode report = json(run("train", recipe, "--data", data, "--work", work, "--json"));
    assertThat(report.at("/recipe/fewest").asInt()).isEqualTo(2);
    assertThat(work.resolve("t/tokenizer.json")).isRegularFile();
  }
}

package dev.mneme.integration;

import static dev.mneme.integration.Commands.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.integration.Commands.Outcome;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.MemoryLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Help.Ansi;

/** The demo, and models by name, on small random models under the names that ship. */
class DemoTest {

  private static final int COLUMNS = 100;

  @TempDir static Path directory;
  private static Outcome json;
  private static Outcome text;
  private static Outcome coloured;

  private static ShippedNames names;

  @BeforeAll
  static void runIt() throws IOException {
    names = new ShippedNames(directory);
    json = run("demo", "--json");
    text = run("demo");
    coloured = run(Ansi.ON, "demo");
  }

  @AfterAll
  static void close() throws IOException {
    names.close();
  }

  private JsonNode demo;

  @BeforeEach
  void readIt() throws IOException {
    demo = json.json();
  }

  @Test
  void everyFigureIsTheOneThatEvalGives() throws IOException {
    for (JsonNode domain : demo.path("domains")) {
      String name = domain.path("domain").asText();
      Path file =
          Files.writeString(directory.resolve("passage.txt"), domain.at("/passage/text").asText());
      JsonNode eval =
          run(
                  "eval",
                  "--host",
                  "host-3m",
                  "--memory",
                  name,
                  "--text",
                  file,
                  "--window",
                  "1500",
                  "--json")
              .json();
      JsonNode perplexity = domain.at("/passage/perplexity");
      assertThat(domain.at("/passage/tokens").asInt()).isEqualTo(eval.path("tokens").asInt());
      assertThat(perplexity.path("host").asDouble())
          .isCloseTo(eval.at("/perplexity/host").asDouble(), within(1e-6));
      assertThat(perplexity.path("mixture").asDouble())
          .isCloseTo(eval.at("/perplexity/mixture").asDouble(), within(1e-6))
          .isNotCloseTo(perplexity.path("host").asDouble(), within(1e-6));
      assertThat(domain.at("/memory/lambda").asDouble())
          .isEqualTo(eval.at("/lambda/" + name).asDouble());
    }
  }

  @Test
  void theMatrixHasTheHostAndEveryMemoryOnEveryPassage() {
    List<String> rows = new ArrayList<>();
    for (JsonNode row : demo.path("matrix")) {
      rows.add(row.path("memory").asText());
      assertThat(row.path("perplexity").fieldNames())
          .toIterable()
          .containsExactly("biomedicine", "finance", "law", "general");
    }
    assertThat(rows).containsExactly("null", "biomedicine", "finance", "law", "law-mlp");
    for (int i = 0; i < 3; i++) {
      JsonNode domain = demo.path("domains").get(i);
      String cell = "/perplexity/" + domain.path("domain").asText();
      assertThat(demo.path("matrix").get(0).at(cell).asDouble())
          .isEqualTo(domain.at("/passage/perplexity/host").asDouble());
      assertThat(demo.path("matrix").get(i + 1).at(cell).asDouble())
          .isEqualTo(domain.at("/passage/perplexity/mixture").asDouble());
    }
  }

  @Test
  void anMlpMemoryOfADomainIsShownAloneAndBesideTheDecoder() throws IOException {
    assertThat(demo.at("/domains/0/mlpMemory").isMissingNode()).isTrue();
    JsonNode shown = demo.at("/domains/2/mlpMemory");
    assertThat(shown.path("name").asText()).isEqualTo("law-mlp");
    assertThat(shown.path("perplexity").asDouble())
        .isEqualTo(demo.at("/matrix/4/perplexity/law").asDouble());
    Path file =
        Files.writeString(
            directory.resolve("law.txt"), demo.at("/domains/2/passage/text").asText());
    double law = demo.at("/domains/2/memory/lambda").asDouble();
    JsonNode both =
        run(
                "eval",
                "--host",
                "host-3m",
                "--memory",
                "law",
                "--memory",
                "law-mlp",
                "--lambda",
                law / 2,
                "--lambda",
                "0.2",
                "--text",
                file,
                "--window",
                "1500",
                "--json")
            .json();
    assertThat(shown.path("perplexityTogether").asDouble())
        .isCloseTo(both.at("/perplexity/mixture").asDouble(), within(1e-6));
    assertThat(text.out())
        .contains(
            "law-mlp  reads the host's activation",
            String.format(Locale.ROOT, "%.1f", shown.path("perplexityTogether").asDouble()));
  }

  @Test
  void continuationsAreTheOnesThatGenerateGives() throws IOException {
    for (JsonNode domain : demo.path("domains")) {
      JsonNode continuation = domain.path("continuation");
      JsonNode alone = generate(continuation.path("prompt").asText(), 40);
      assertThat(continuation.path("host").asText()).startsWith(alone.path("text").asText());
      assertThat(continuation.path("tokens")).hasSize(40);
      assertThat(continuation.at("/tokens/0/hostChoice")).isEqualTo(alone.at("/tokens/0/id"));
      long changed = 0;
      for (JsonNode token : continuation.path("tokens")) {
        assertThat(token.path("share").asDouble()).isBetween(0.0, 1.0);
        changed += token.path("id").equals(token.path("hostChoice")) ? 0 : 1;
      }
      assertThat(continuation.path("changed").asLong()).isEqualTo(changed).isPositive();
    }
  }

  private static JsonNode generate(String prompt, int tokens) throws IOException {
    return run(
            "generate",
            "--host",
            "host-3m",
            "--prompt",
            prompt,
            "--max-tokens",
            tokens,
            "--repetition-penalty",
            "1.3",
            "--explain",
            "--json")
        .json();
  }

  @Test
  void thePrintedFiguresAreTheSame() {
    assertThat(text.code()).as(text.err()).isZero();
    for (JsonNode row : demo.path("matrix")) {
      for (JsonNode value : row.path("perplexity")) {
        assertThat(text.out()).contains(String.format(Locale.ROOT, "%.1f", value.asDouble()));
      }
    }
    for (JsonNode domain : demo.path("domains")) {
      assertThat(text.out())
          .contains(
              domain.at("/memory/digest").asText().substring(0, 19),
              domain.at("/continuation/prompt").asText(),
              domain.at("/continuation/changed").asInt() + " of 40 tokens");
    }
  }

  @Test
  void itFitsATerminalOfAHundredColumnsWithoutColourAndWithIt() {
    assertThat(text.out()).doesNotContain("\u001b").contains("[marked]");
    assertThat(coloured.out()).contains("\u001b[").doesNotContain("[marked]");
    String shown = coloured.out().replaceAll("\u001b\\[[0-9;]*m", "");
    assertThat((text.out() + shown).lines())
        .allSatisfy(line -> assertThat(line.codePointCount(0, line.length())).isLessThan(COLUMNS));
    assertThat(shown.lines().filter(line -> line.startsWith("  with ")))
        .allSatisfy(line -> assertThat(text.out().lines()).contains(line));
  }

  @Test
  void namesAreGoodForEveryCommand() throws IOException {
    Object[] named = {
      "generate", "--host", "host-3m", "--memory", "law", "--prompt", "the", "--max-tokens", 9
    };
    Object[] paths = named.clone();
    paths[2] = ClassPathModels.here().host("host-3m");
    paths[4] = directory.resolve("law");
    assertThat(run(named)).isEqualTo(run(paths));
    assertThat(run("inspect", "law").out())
        .isEqualTo(run("inspect", directory.resolve("law")).out());
    assertThat(run("inspect", "host-3m").out()).contains("general.name = host-3m");
  }

  @Test
  void anUnknownNameIsAnsweredWithTheKnownOnes() {
    Outcome pack = run("generate", "--host", "host-3m", "--memory", "lawn", "--prompt", "x");
    assertThat(pack.code()).isEqualTo(1);
    assertThat(pack.err()).contains("no such pack: lawn", "biomedicine, finance, law, law-mlp");
    Outcome host = run("generate", "--host", "host", "--prompt", "x");
    assertThat(host.code()).isEqualTo(1);
    assertThat(host.err()).contains("no such host: host;", "on the class path: host-3m");
  }

  @Test
  void javaOpensTheModelsThatShipInTwoLines() {
    try (var model =
        MemoryAugmentedModel.over(HostLoader.open(ClassPathModels.here().host("host-3m")))) {
      model.attach(MemoryLoader.open("law", model.host()), LambdaPolicy.fixed(0.6));
      assertThat(model.generate(GenerationRequest.of("the").withMaxTokens(3)).memories())
          .singleElement()
          .satisfies(use -> assertThat(use.name()).isEqualTo("law"));
    }
  }
}

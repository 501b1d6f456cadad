package dev.mneme.integration;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.HostLoader;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.TokenScore;
import dev.mneme.samples.InstallAPack;
import dev.mneme.samples.SwapDomains;
import dev.mneme.samples.TrainYourOwnPack;
import dev.mneme.samples.TwoMemories;
import dev.mneme.samples.WhoWroteWhat;
import dev.mneme.samples.WrapAGgufModel;
import dev.mneme.samples.WrapAHuggingFaceFolder;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.MemoryLoader;
import dev.mneme.store.MemoryPack;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sample programs, on the models that ship. */
class SamplesTest {

  private static final int TOKENS_SHOWN = 24;

  /** What a program does and throws. */
  private interface Program {
    void main(String[] args) throws IOException;
  }

  @TempDir private Path directory;

  private static String run(Program program, Object... args) throws IOException {
    var out = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      program.main(Stream.of(args).map(Object::toString).toArray(String[]::new));
    } finally {
      System.setOut(before);
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  private static List<MatchResult> find(String regex, String text) {
    return Pattern.compile(regex, Pattern.MULTILINE).matcher(text).results().toList();
  }

  private static double number(MatchResult match, int group) {
    return Double.parseDouble(match.group(group));
  }

  @Test
  void aGgufModelContinuesAText() throws IOException {
    assertThat(run(WrapAGgufModel::main))
        .contains("host-3m.gguf (LlamaCppHost): a vocabulary of 8,192 tokens, a context of 512")
        .containsPattern(
            "The village is known for(?s:.{40,})\\R\\R\\d+ tokens after a prompt of 6");
    Path file = ClassPathModels.here().host("host-10m");
    assertThat(run(WrapAGgufModel::main, file, "Once upon"))
        .startsWith("host-10m.gguf")
        .containsPattern("Once upon .{5}");
  }

  @Test
  void aPackIsInstalledAndAttached() throws IOException {
    String digest = ClassPathModels.here().pack("law").digest();
    Path store = directory.resolve("store");
    assertThat(run(InstallAPack::main, store))
        .contains("law 1.0.0, " + digest, "fits host-3m", "MemoryUse[name=law");
    assertThat(run(InstallAPack::main, store, "law-mlp")).contains("law-mlp 1.0.0", "fits host-3m");
  }

  @Test
  void aHuggingFaceFolderContinuesAText() throws IOException {
    String shipped = run(WrapAHuggingFaceFolder::main);
    assertThat(shipped)
        .startsWith("host-3m (TorchHost): a vocabulary of 8,192 tokens, a context of 512")
        .containsPattern("The village is known for(?s:.{40,})\\R\\R");
    MatchResult perplexity = find("perplexity of ([\\d.]+)", shipped).getFirst();
    assertThat(number(perplexity, 1)).isBetween(1.5, 100.0);
    Path folder = ClassPathModels.here().hostFolder("host-10m");
    assertThat(run(WrapAHuggingFaceFolder::main, folder, "Once upon"))
        .startsWith("host-10m (TorchHost)")
        .containsPattern("Once upon .{5}");
  }

  @Test
  void everyDomainIsPredictedBestWithItsOwnMemory() throws IOException {
    List<MatchResult> rows =
        find("^((?:host|with) \\S+) +([\\d.]+) +([\\d.]+) +([\\d.]+)$", run(SwapDomains::main));
    assertThat(rows)
        .extracting(row -> row.group(1))
        .containsExactly("host alone", "with law", "with finance", "with biomedicine");
    for (int domain = 1; domain <= 3; domain++) {
      int column = domain + 1;
      double own = number(rows.get(domain), column);
      rows.stream()
          .filter(row -> !row.equals(rows.get(column - 1)))
          .forEach(row -> assertThat(own).isLessThan(number(row, column)));
    }
  }

  @Test
  void twoMemoriesPredictATextOfBothDomainsBetterThanEither() throws IOException {
    List<MatchResult> rows = find("^  (.*?) +([\\d.]+)$", run(TwoMemories::main));
    assertThat(rows)
        .extracting(row -> row.group(1))
        .containsExactly(
            "1.0 host",
            "0.3 host + 0.7 law",
            "0.3 host + 0.7 finance",
            "0.3 host + 0.4 law + 0.3 finance");
    double both = number(rows.getLast(), 2);
    rows.subList(0, 3).forEach(row -> assertThat(both).isLessThan(number(row, 2)));
  }

  @Test
  void theSharesOfATokenAddUpAndAreThoseOfItsScore() throws IOException {
    String prompt = "The court held that the company's revenue";
    List<MatchResult> rows =
        find("^\"(.*)\" +([\\d.]+)% +([\\d.]+)% +([\\d.]+)% +([\\d.]+)%$", run(WhoWroteWhat::main));
    assertThat(rows).hasSize(TOKENS_SHOWN);
    for (MatchResult row : rows) {
      assertThat(number(row, 3) + number(row, 4) + number(row, 5)).isCloseTo(100, within(0.2));
    }
    var host = HostLoader.open(ClassPathModels.here().host("host-3m"));
    try (var model = MemoryAugmentedModel.over(host)) {
      model.attach(MemoryLoader.open("law", host), LambdaPolicy.fixed(0.4));
      model.attach(MemoryLoader.open("finance", host), LambdaPolicy.fixed(0.4));
      MatchResult first = rows.getFirst();
      TokenScore score = model.score(prompt + first.group(1)).tokens().getLast();
      double mixture = Math.exp(score.mixture());
      assertThat(number(first, 2)).isCloseTo(100 * mixture, within(0.1));
      double ofHost = 0.2 * Math.exp(score.host()) / mixture;
      double ofLaw = 0.4 * Math.exp(requireNonNull(score.memories().get("law"))) / mixture;
      assertThat(number(first, 3)).isCloseTo(100 * ofHost, within(0.5));
      assertThat(number(first, 4)).isCloseTo(100 * ofLaw, within(0.5));
    }
  }

  @Test
  void aPackTrainedOnSomeTextsPredictsOthersOfTheirKind() throws IOException {
    String out = run(TrainYourOwnPack::main, directory);
    MatchResult result =
        find("on (\\d+) other documents: ([\\d.]+) with .*, ([\\d.]+) with the memory", out)
            .getFirst();
    assertThat(number(result, 1)).isEqualTo(6);
    assertThat(number(result, 3)).isLessThan(0.5 * number(result, 2));
    assertThat(MemoryPack.open(directory.resolve("my-pack")).name()).isEqualTo("my-pack");
    assertThat(out).contains("the pack is " + directory.resolve("my-pack"));
  }

  @Test
  void aFolderWithTooLittleTextIsRefusedBeforeTraining() throws IOException {
    Path texts = Files.createDirectories(directory.resolve("texts"));
    Files.writeString(texts.resolve("a.txt"), "one\n\ntwo\n \nthree\n");
    Files.writeString(texts.resolve("b.text"), "four\n\n".repeat(9));
    Path work = directory.resolve("work");
    assertThatThrownBy(() -> run(TrainYourOwnPack::main, work, texts))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(texts.toString(), "has 3 documents", "at least 8");
    assertThat(work).doesNotExist();
  }

  @Test
  void everyProgramIsInTheReadme() throws IOException {
    Path samples = Path.of("..", "samples");
    String readme = Files.readString(samples.resolve("README.md"));
    try (Stream<Path> files = Files.list(samples.resolve("src/main/java/dev/mneme/samples"))) {
      for (Path file : files.toList()) {
        if (Files.readString(file).contains("void main(")) {
          assertThat(readme).contains("/" + file.getFileName() + ")");
        }
      }
    }
  }
}

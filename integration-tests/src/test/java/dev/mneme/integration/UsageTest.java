package dev.mneme.integration;

import static dev.mneme.integration.Commands.run;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mneme.integration.Commands.Outcome;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Options and texts that a user gives wrong, or as other programs take them. */
class UsageTest {

  @TempDir static Path models;
  private static Path model = Path.of("");
  private static Path host = Path.of("");
  private static Path pack = Path.of("");

  @TempDir Path directory;

  @BeforeAll
  static void convertAndImport() throws IOException {
    host = models.resolve("host.gguf");
    pack = models.resolve("pack");
    model = TinyModel.write(TinyModel.directory(models, "host"), Family.LLAMA, 1);
    Path memory = TinyModel.write(TinyModel.directory(models, "memory"), Family.LLAMA, 2);
    assertThat(run("convert", model, "--out", host, "--type", "f32").code()).isZero();
    assertThat(run("import", memory, "--name", "law", "--domain", "law", "--out", pack).code())
        .isZero();
  }

  @Test
  void everyUsageErrorIsOneLineThatPointsToTheHelp() {
    assertUsage(run("train", "recipe.json"), "--data", "mneme train --help");
    assertUsage(run("eval", "--host", host), "--text", "mneme eval --help");
    assertUsage(run("generate", "--host", host), "--prompt");
    assertUsage(run("generate", "--host", host, "--prompt"), "--prompt");
    assertUsage(run("generate", "--host", host, "--prompt", "x", "--nonsense"), "--nonsense");
    assertUsage(run("generate", "--host", host, "--prompt", "x", "--top-k", "many"), "--top-k");
    assertUsage(run("convert"), "--out", "HF_DIR");
    assertUsage(run("convert", model, "--out", "x.gguf", "--type", "F99"), "--type", "F99");
    assertUsage(run("import", model), "--name");
    assertUsage(run("inspect"), "FILE_OR_DIR");
    assertUsage(run("inspect", "a", "b"), "b");
    assertUsage(run("doctor", "x"), "x");
    assertUsage(run("pack"), "mneme pack --help");
    assertUsage(run("pack", "pull"), "PACK");
    assertUsage(run("pack", "sign", pack), "--key");
    assertUsage(run("pack", "nonsense"), "nonsense");
    assertUsage(run("nonsense"), "nonsense");
    assertUsage(run(), "generate");
  }

  private static void assertUsage(Outcome outcome, String... words) {
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("error: ").contains(words).hasLineCount(1);
  }

  @Test
  void anOptionOutOfItsRangeIsNamedAsTheUserWroteItWithTheRange() {
    assertUsage(generate("--top-p", "0"), "--top-p", "above 0 and at most 1", "--temperature 0");
    assertUsage(generate("--top-p", "NaN"), "--top-p", "NaN");
    assertUsage(generate("--top-k", "-2"), "--top-k", "-1 or more", "-2");
    assertUsage(generate("--min-p", "1.5"), "--min-p", "[0, 1]");
    assertUsage(generate("--temperature", "101"), "--temperature", "[0, 100]");
    assertUsage(generate("--repetition-penalty", "0"), "--repetition-penalty", "1 does nothing");
    assertUsage(generate("--max-tokens", "-1"), "--max-tokens", "1 or more");
    assertUsage(generate("--threads", "-5"), "--threads", "[-1, 512]");
    assertUsage(generate("--threads", "100000"), "--threads", "[-1, 512]");
    assertUsage(generate("--context", "-2"), "--context", "[-1, ");
    assertUsage(generate("--gpu-layers", "-2"), "--gpu-layers", "all", "-2");
    assertUsage(generate("--gpu-layers", "some"), "--gpu-layers", "all", "some");
    assertUsage(generate("--stop", ""), "--stop", "empty");
    assertUsage(generate("--memory", pack.toString(), "--lambda", "-0.5"), "--lambda", "[0, 1]");
    assertUsage(eval("--window", "1"), "--window", "2 or more");
    assertUsage(eval("--window", "16", "--stride", "16"), "--stride", "[1, 15]");
    assertUsage(eval("--max-tokens", "1"), "--max-tokens", "2 or more");
    assertUsage(run("pack", "sign", pack, "--key", "none", "--days", "0"), "--days", "[1, 36500]");
  }

  @Test
  void takesValuesThatMeanOffElsewhere() {
    String[] off = {
      "--temperature",
      "1",
      "--top-k",
      "-1",
      "--top-p",
      "1",
      "--min-p",
      "0",
      "--seed",
      "-1",
      "--repetition-penalty",
      "1",
      "--threads",
      "-1",
      "--context",
      "-1",
      "--max-tokens",
      "2"
    };
    Outcome outcome = generate(off);
    assertThat(outcome.code()).as(outcome.err()).isZero();
  }

  private Outcome generate(String... options) {
    return with(options, "generate", "--host", host, "--prompt", "x");
  }

  private Outcome eval(String... options) {
    return with(options, "eval", "--host", host, "--text", directory.resolve("none.txt"));
  }

  private static Outcome with(String[] options, Object... command) {
    return run(Stream.concat(Stream.of(command), Stream.of(options)).toArray());
  }

  @Test
  void aByteOrderMarkIsNoText() throws IOException {
    String text = "the tenant gives notice to the other tenant";
    byte[] plain = text.getBytes(StandardCharsets.UTF_8);
    byte[] marked = ("\uFEFF" + text).getBytes(StandardCharsets.UTF_8);
    JsonNode expected = scored("plain.txt", plain);
    assertThat(scored("marked.txt", marked)).isEqualTo(expected);
    assertThat(scored("marked.txt.gz", gzipped(marked))).isEqualTo(expected);
    assertThat(scored("marked-without-suffix", gzipped(marked))).isEqualTo(expected);
  }

  private JsonNode scored(String name, byte[] content) throws IOException {
    Path file = Files.write(directory.resolve(name), content);
    return run("eval", "--host", host, "--text", file, "--window", "32", "--json")
        .json()
        .get("perplexity");
  }

  private static byte[] gzipped(byte[] content) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(out)) {
      gzip.write(content);
    }
    return out.toByteArray();
  }

  @Test
  void textsThatCannotBeReadAreRefusedByName() throws IOException {
    Path latin = Files.write(directory.resolve("latin.txt"), new byte[] {'a', (byte) 0xE9, 'b'});
    Path blank = Files.writeString(directory.resolve("blank.txt"), "\uFEFF \n\n \n");
    Path cut = Files.write(directory.resolve("cut.gz"), new byte[] {0x1F, (byte) 0x8B, 8});
    for (Path text : List.of(directory.resolve("none.txt"), directory, latin, blank, cut)) {
      Outcome outcome = run("eval", "--host", host, "--text", text);
      assertThat(outcome.code()).as(outcome.err()).isEqualTo(1);
      assertThat(outcome.err()).startsWith("error: ").contains(text.toString()).hasLineCount(1);
    }
  }

  @Test
  void everyDescriptionOfACommandIsAWholeSentence() {
    for (Outcome help : List.of(run("--help"), run("pack", "--help"))) {
      String commands = help.out().substring(help.out().indexOf("Commands:"));
      for (String entry : commands.split("\n  (?=\\S)", -1)) {
        if (!entry.startsWith("Commands:")) {
          assertThat(entry.strip()).endsWith(".");
        }
      }
    }
  }
}

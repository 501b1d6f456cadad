package dev.mneme.integration;

import static dev.mneme.integration.Commands.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mneme.integration.Commands.Outcome;
import dev.mneme.store.hf.MlpShape.Style;
import dev.mneme.store.testing.TinyMlp;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Importing and using MLP Memories as a user types it, on small random models. */
class MlpMemoryCommandsTest {

  @TempDir Path directory;
  private Path hostFolder = Path.of("");
  private Path host = Path.of("");
  private Path memory = Path.of("");
  private Path text = Path.of("");

  @BeforeEach
  void makeModels() throws IOException {
    hostFolder = TinyModel.write(TinyModel.directory(directory, "host"), Family.LLAMA, 1);
    host = convert(hostFolder, "f32");
    memory = TinyMlp.write(TinyModel.directory(directory, "mlp"), Style.MISTRAL, hostFolder, 48, 3);
    text = Files.writeString(directory.resolve("text.txt"), "the tenant and the other tenant\n");
  }

  private Path convert(Path folder, String type) {
    Path gguf = directory.resolve(folder.getFileName() + "-" + type + ".gguf");
    assertThat(run("convert", folder, "--out", gguf, "--type", type).code()).isZero();
    return gguf;
  }

  private Outcome importIt(Path out, Object... options) {
    Object[] all = new Object[options.length + 8];
    Object[] fixed = {"import", memory, "--name", "law-mlp", "--domain", "law", "--out", out};
    System.arraycopy(fixed, 0, all, 0, 8);
    System.arraycopy(options, 0, all, 8, options.length);
    return run(all);
  }

  private Outcome eval(Path onHost, Object... options) {
    Object[] all = new Object[options.length + 8];
    Object[] fixed = {"eval", "--host", onHost, "--text", text, "--window", "32", "--json"};
    System.arraycopy(fixed, 0, all, 0, 8);
    System.arraycopy(options, 0, all, 8, options.length);
    return run(all);
  }

  @Test
  void aPackImportedForAFileOrAFolderOfTheHostIsTheSame() throws IOException {
    Path one = directory.resolve("one");
    Path two = directory.resolve("two");
    assertThat(importIt(one, "--host", host).err()).isEmpty();
    assertThat(importIt(two, "--host", hostFolder).err()).isEmpty();
    assertThat(Files.readString(one.resolve("pack.json")))
        .isEqualTo(Files.readString(two.resolve("pack.json")))
        .contains("\"kind\" : \"mlp-memory\"", "\"point\" : \"ffn_norm\"", "\"block\" : -1");
    assertThat(run("inspect", one).out()).contains("mlp-memory");
  }

  @Test
  void evalTakesItAloneAndBesideAMemoryDecoder() throws IOException {
    Path mlp = directory.resolve("pack");
    importIt(mlp, "--host", host);
    Path decoder = TinyModel.write(TinyModel.directory(directory, "decoder"), Family.LLAMA, 2);
    JsonNode alone = eval(host, "--memory", mlp, "--lambda", "1").json().path("perplexity");
    assertThat(alone.path("mixture").asDouble())
        .isCloseTo(alone.at("/memories/law-mlp").asDouble(), within(1e-9))
        .isNotCloseTo(alone.path("host").asDouble(), within(1e-3));
    JsonNode both = eval(host, "--memory", mlp, "--memory", decoder).json();
    assertThat(both.path("lambda").path("law-mlp").asDouble()).isEqualTo(0.3);
    assertThat(both.at("/perplexity/memories/law-mlp").asDouble())
        .isCloseTo(alone.at("/memories/law-mlp").asDouble(), within(1e-6));
  }

  @Test
  void itServesAQuantisedCopyOfItsHostButAnotherHostOnlyByForce() throws IOException {
    Path mlp = directory.resolve("pack");
    importIt(mlp, "--host", hostFolder);
    assertThat(eval(convert(hostFolder, "q8_0"), "--memory", mlp).code()).isZero();
    Path other =
        convert(TinyModel.write(TinyModel.directory(directory, "other"), Family.LLAMA, 5), "f32");
    Outcome refused = eval(other, "--memory", mlp);
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err())
        .contains("does not fit the host other-f32.gguf", "another host", "other weights");
    assertThat(eval(other, "--memory", mlp, "--force").code()).isZero();
  }

  @Test
  void readsTheTapItWasImportedWith() throws IOException {
    Path early = directory.resolve("early");
    Path late = directory.resolve("late");
    importIt(early, "--host", host, "--tap-block", "0", "--tap-point", "l_out");
    importIt(late, "--host", host);
    double atTheStart =
        eval(host, "--memory", early).json().at("/perplexity/memories/law-mlp").asDouble();
    double atTheEnd =
        eval(host, "--memory", late).json().at("/perplexity/memories/law-mlp").asDouble();
    assertThat(atTheStart).isNotCloseTo(atTheEnd, within(1e-3));
  }

  @Test
  void itsHostIsNeededToImportIt() {
    Outcome outcome = importIt(directory.resolve("pack"));
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).contains("reads the activations of one host");
    assertThat(directory.resolve("pack")).doesNotExist();
  }

  @Test
  void aTapThatTheHostDoesNotHaveIsAWrongOption() {
    for (Object[] options :
        new Object[][] {
          {"--host", host, "--tap-block", "2"}, {"--host", host, "--tap-point", "attn_norm"}
        }) {
      Outcome outcome = importIt(directory.resolve("pack"), options);
      assertThat(outcome.code()).as(outcome.err()).isEqualTo(2);
      assertThat(directory.resolve("pack")).doesNotExist();
    }
  }
}

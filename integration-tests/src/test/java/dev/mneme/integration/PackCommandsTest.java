package dev.mneme.integration;

import static dev.mneme.integration.Commands.run;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mneme.integration.Commands.Outcome;
import dev.mneme.store.MnemeHome;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store, archives and signatures as a user types it, on small random models. */
class PackCommandsTest {

  private static final String NAME = "tenancy";

  @TempDir Path directory;
  private Path model = Path.of("");
  private Path pack = Path.of("");

  @BeforeEach
  void makeAPack() {
    model = TinyModel.write(TinyModel.directory(directory, "model"), Family.LLAMA, 1);
    pack = imported("1.1.0");
  }

  @AfterEach
  void emptyTheStore() throws IOException {
    run("pack", "rm", NAME);
    run("pack", "gc", "--now");
    Files.deleteIfExists(MnemeHome.folder().resolve("trusted-keys"));
  }

  private Path imported(String version) {
    Path out = directory.resolve("pack-" + version);
    done(
        "import",
        model,
        "--name",
        NAME,
        "--domain",
        "tenants",
        "--pack-version",
        version,
        "--out",
        out);
    return out;
  }

  private static String done(Object... arguments) {
    Outcome outcome = run(arguments);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    return outcome.out();
  }

  private static void refused(String word, Object... arguments) {
    Outcome outcome = run(arguments);
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).contains("error: ").contains(word);
  }

  @Test
  void aPackIsArchivedPulledListedAndUsedByItsName() throws IOException {
    Path archive = directory.resolve("tenancy.mpack");
    assertThat(done("pack", "pack", pack, "--out", archive)).contains("sha256:");
    assertThat(done("pack", "pull", archive)).contains("installed " + NAME + " 1.1.0");
    assertThat(done("pack", "list")).contains(NAME, "1.1.0", "tenants");
    JsonNode shown = run("pack", "show", NAME, "--json").json();
    assertThat(shown.path("origin").asText()).isEqualTo(archive.toString());
    assertThat(done("pack", "show", NAME)).contains("model.safetensors");
    assertThat(done("pack", "verify", NAME)).contains("is whole");

    Path host = directory.resolve("host.gguf");
    done("convert", model, "--out", host, "--type", "f32");
    Path text = Files.writeString(directory.resolve("text.txt"), "the tenant and the landlord\n");
    JsonNode result =
        run("eval", "--host", host, "--memory", NAME, "--text", text, "--window", "32", "--json")
            .json();
    assertThat(result.path("perplexity").path("memories").has(NAME)).isTrue();
  }

  @Test
  void anEarlierVersionIsInstalledOnlyWhenAsked() throws IOException {
    done("pack", "pull", pack);
    Path earlier = imported("1.0.0");
    refused("older", "pack", "pull", earlier);
    done("pack", "pull", earlier, "--allow-older");
    assertThat(run("pack", "list", "--json").json().path("packs").get(0).path("version").asText())
        .isEqualTo("1.0.0");
  }

  @Test
  void aSignedPackIsInstalledWhereSignaturesAreRequired() throws IOException {
    refused("not signed", "pack", "pull", pack, "--signatures", "require");
    Path key = directory.resolve("key");
    done("pack", "new-key", key, "--signer", "Law Office");
    done("pack", "sign", pack, "--key", key);
    refused("nobody vouches", "pack", "pull", pack, "--signatures", "require");
    Files.copy(
        directory.resolve("key.pub"),
        Files.createDirectories(MnemeHome.folder()).resolve("trusted-keys"));
    assertThat(done("pack", "pull", pack, "--signatures", "require"))
        .contains("signed by Law Office");
    assertThat(done("pack", "show", NAME)).contains("Law Office");
    done("pack", "verify", NAME, "--signatures", "require");
    refused("exists already", "pack", "new-key", key, "--signer", "Law Office");
  }

  @Test
  void aCheckNamesEveryReasonWhyAPackDoesNotFit() throws IOException {
    Path host = directory.resolve("host.gguf");
    done("convert", model, "--out", host, "--type", "f32");
    assertThat(done("pack", "check", pack, "--host", host)).contains(NAME + " fits host.gguf");

    Outcome shipped = run("pack", "check", "law-mlp", "--host", host);
    assertThat(shipped.code()).isEqualTo(1);
    assertThat(shipped.out())
        .contains("law-mlp does not fit", "token ids mean different things", "another host");
    JsonNode json =
        new ObjectMapper()
            .readTree(run("pack", "check", "law-mlp", "--host", host, "--json").out());
    assertThat(json.path("fits").asBoolean(true)).isFalse();
    assertThat(json.path("reasons")).hasSizeGreaterThan(1);
  }

  @Test
  void whatIsRemovedIsFreed() throws IOException {
    // A version of its own, for the others use what they open until they end.
    JsonNode pulled = run("pack", "pull", imported("2.0.0"), "--json").json();
    assertThat(pulled.path("version").asText()).isEqualTo("2.0.0");
    JsonNode verified = run("pack", "verify", NAME, "--json").json();
    assertThat(verified.path("digest")).isEqualTo(pulled.path("digest"));
    assertThat(verified.path("weightsNotFinite").asInt(-1)).isZero();
    done("pack", "rm", NAME);
    refused(NAME, "pack", "show", NAME);
    refused(NAME, "pack", "rm", NAME);
    JsonNode freed = run("pack", "gc", "--now", "--json").json();
    assertThat(freed.path("packs").get(0)).isEqualTo(pulled.path("digest"));
    assertThat(freed.path("bytes").isIntegralNumber()).isTrue();
    assertThat(done("pack", "gc", "--now")).contains("packs freed: 0,");
  }

  @Test
  void whatIsNoPackIsRefusedWithWhatToGive() {
    refused("no such pack", "pack", "pull", "nothing-of-that-name");
    refused("pack.json", "pack", "pull", model);
    refused("mneme import", "pack", "pack", model);
    assertThat(run("pack").code()).isEqualTo(2);
  }
}

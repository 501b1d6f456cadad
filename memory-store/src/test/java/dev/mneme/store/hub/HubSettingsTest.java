package dev.mneme.store.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MnemeException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The environment of Hugging Face's tools, and the references of hubs. */
class HubSettingsTest {

  @TempDir Path home;

  private HubSettings of(Map<String, String> environment) {
    return HubSettings.of(environment, home);
  }

  private Path token(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  @Test
  void anEmptyEnvironmentAsksThePublicHubAsNobody() {
    HubSettings settings = of(Map.of());
    assertThat(settings.endpoint()).isEqualTo(URI.create("https://huggingface.co"));
    assertThat(settings.token()).isEmpty();
    assertThat(settings.offline()).isFalse();
  }

  @Test
  void theEndpointMayEndInASlash() {
    assertThat(of(Map.of("HF_ENDPOINT", "http://hub.example:8080/x/")).endpoint())
        .isEqualTo(URI.create("http://hub.example:8080/x"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hub.example", "ftp://hub.example", "http:///x", "http://a b"})
  void anEndpointThatIsNoWebAddressIsRefused(String endpoint) {
    assertThatThrownBy(() -> of(Map.of("HF_ENDPOINT", endpoint)))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("HF_ENDPOINT", endpoint);
  }

  @Test
  void theTokenIsTheVariablesOrElseTheFiles() throws IOException {
    token(home.resolve(".cache/huggingface/token"), "from-home\n");
    assertThat(of(Map.of()).token()).hasValue("from-home");
    Path cache = home.resolve("cache");
    token(cache.resolve("huggingface/token"), "from-cache");
    assertThat(of(Map.of("XDG_CACHE_HOME", cache.toString())).token()).hasValue("from-cache");
    token(home.resolve("hf/token"), "from-hf-home");
    assertThat(of(Map.of("HF_HOME", home.resolve("hf").toString())).token())
        .hasValue("from-hf-home");
    Path file = token(home.resolve("t"), "from-path");
    assertThat(of(Map.of("HF_TOKEN_PATH", file.toString())).token()).hasValue("from-path");
    assertThat(of(Map.of("HF_TOKEN_PATH", file.toString(), "HF_TOKEN", " mine ")).token())
        .hasValue("mine");
  }

  @Test
  void theTokenIsNotInTheText() {
    assertThat(of(Map.of("HF_TOKEN", "hf_secret")).toString()).doesNotContain("hf_secret");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "ON", "yes", "True"})
  void offlineIsSaidInTheWaysOfTheTools(String value) {
    assertThat(of(Map.of("HF_HUB_OFFLINE", value)).offline()).isTrue();
    assertThat(of(Map.of("HF_HUB_OFFLINE", "0")).offline()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "owner/name",
        "owner/name@",
        "name@main",
        "owner/name/more@main",
        "../name@main",
        "owner/..@main",
        "owner/name@a..b",
        "owner/name@main?x",
        "owner/name@/main",
        "owner/na me@main",
        ""
      })
  void whatIsNoRevisionOfARepositoryIsRefused(String text) {
    assertThatThrownBy(() -> HubReference.parse(text))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("hf:OWNER/NAME@REVISION");
  }

  @Test
  void branchesTagsAndCommitsAreRevisions() {
    assertThat(HubReference.parse("a/b.c-d_e@refs/pr/1").revision()).isEqualTo("refs/pr/1");
    assertThat(HubReference.parse("a/b@v1.0")).hasToString("hf:a/b@v1.0");
  }
}

package dev.mneme.store.hub;

import static dev.mneme.store.hub.FakeHub.COMMIT;
import static dev.mneme.store.hub.FakeHub.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.base.Ascii;
import com.google.common.base.Throwables;
import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.net.ProxyChoice;
import dev.mneme.store.packs.FetchListener;
import dev.mneme.store.packs.PackSource;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a hub and its user tell each other: commits, secrets, and the way between them. */
class HubSecretsTest {

  @TempDir Path directory;

  private final Map<String, String> environment = new HashMap<>();
  private FakeHub hub;
  private MemoryPack pack;

  @BeforeEach
  void startAHub() throws IOException {
    Path model = TinyModel.write(TinyModel.directory(directory, "model"), Family.LLAMA, 3);
    pack = MemoryPack.importFrom(model, "law", "law", directory.resolve("law"));
    hub = new FakeHub(pack.directory());
    environment.put("HF_ENDPOINT", hub.endpoint().toString());
  }

  @AfterEach
  void stopTheHub() {
    hub.close();
  }

  /** As {@link HubFinder}, by this test's environment and without waiting. */
  private PackSource find(String name) {
    var retries = new Retries(2, Duration.ofSeconds(1), Duration.ofMinutes(2), length -> {});
    return HubPack.open(
        new HubClient(
            HubSettings.of(environment, directory),
            Duration.ofSeconds(20),
            ProxyChoice.of(environment)),
        retries,
        HubReference.parse(name),
        directory.resolve("downloads"),
        FetchListener.NONE);
  }

  private String refusal(String name) {
    try (PackSource source = find(name)) {
      return "not refused: " + source.origin();
    } catch (MnemeException e) {
      String trace = Throwables.getStackTraceAsString(e);
      assertThat(trace).doesNotContain("SECRET");
      return String.valueOf(e.getMessage());
    }
  }

  private String withEndpoint(String login) {
    return hub.endpoint().toString().replace("://", "://" + login + "@");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0123456", "0123456789abcdef0123", COMMIT, "main", "v1.0", "20240101"})
  void theCommitThatTheHubSaysIsRecorded(String revision) {
    try (PackSource source = find("owner/law@" + revision)) {
      assertThat(source.origin()).isEqualTo("hf:owner/law@" + COMMIT);
    }
  }

  @Test
  void aCommitMayBeWrittenInCapitals() {
    try (PackSource source = find("owner/law@" + Ascii.toUpperCase(COMMIT))) {
      assertThat(source.origin()).isEqualTo("hf:owner/law@" + COMMIT);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaa", "a123456789", "ABC1234"})
  void anAnswerOfAnotherCommitThanThePinnedIsRefusedNamingBoth(String revision) {
    assertThat(refusal("owner/law@" + revision))
        .containsIgnoringCase(revision)
        .contains(COMMIT, "instead of");
  }

  @Test
  void aFileOfAnotherCommitThanTheListingsIsRefused() {
    hub.fail("config.json", status(200, "X-Repo-Commit", "b".repeat(40)));
    try (PackSource source = find("owner/law@" + COMMIT)) {
      var config =
          source.manifest().files().stream()
              .filter(file -> file.name().equals("config.json"))
              .findFirst()
              .orElseThrow();
      assertThatThrownBy(() -> source.open(config)).isInstanceOf(PackIntegrityException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SECRET\nX-Other: 1",
        "SECRET\r\n\r\nGET /",
        "SECRET\u0000",
        "SECRET and more",
        "SECR\u00e9TSECRET",
        "SECRET\u202e1"
      })
  void aTokenThatNoHeaderCanHoldIsRefusedByNameAndNotShown(String token) throws IOException {
    environment.put("HF_TOKEN", token);
    assertThat(refusal("owner/law@main")).contains("HF_TOKEN", "U+");
    environment.remove("HF_TOKEN");
    Path file = Files.writeString(directory.resolve("token"), token);
    environment.put("HF_TOKEN_PATH", file.toString());
    assertThat(refusal("owner/law@main")).contains(file.toString(), "U+");
  }

  @Test
  void userAndPasswordOfTheEndpointAreSentAndNotShown() {
    environment.put("HF_ENDPOINT", withEndpoint("bob:SECRET"));
    hub.fail("listing", status(404, "X-Error-Message", "no SECRET here"));
    assertThat(refusal("owner/law@main")).contains("404", "no *** here");
    assertThat(hub.asked().getLast().token()).isEqualTo("Basic Ym9iOlNFQ1JFVA==");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://bob:SECRET@",
        "bob:SECRET@hub.example",
        "https://hub.example?token=SECRET",
        "http://bob:SECRET@hub .example",
        "hf_SECRET",
        "http://bob:SECR%ET@hub.example/SECRET"
      })
  void anEndpointThatIsNoneIsRefusedAndNotShown(String endpoint) {
    environment.put("HF_ENDPOINT", endpoint);
    assertThat(refusal("owner/law@main")).contains("HF_ENDPOINT");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ftp://hub.example/x?signature=SECRET",
        "http://a:SECRET@ b/",
        "gopher://u:SECRET@h/x"
      })
  void aRedirectThatIsNotFollowedDoesNotShowItsSecrets(String location) {
    hub.fail("listing", status(302, "Location", location));
    assertThat(refusal("owner/law@main")).contains("redirects");
  }

  @Test
  void storageThatFailsIsNamedWithoutTheSignatureInItsAddress() throws IOException {
    String gone = "http://127.0.0.1:1/x?signature=SECRET";
    hub.fail("listing", status(302, "Location", gone), status(302, "Location", gone));
    assertThat(refusal("owner/law@main")).contains("127.0.0.1:1 cannot be reached", "refused");
  }

  @Test
  void aTokenThatTheHubRepeatsIsNotShown() {
    environment.put("HF_TOKEN", "hf_SECRET");
    hub.fail("listing", status(403, "X-Error-Message", "token hf_SECRET is blocked"));
    assertThat(refusal("owner/law@main")).contains("token *** is blocked");
  }

  @Test
  void aHubWhoseNameIsNotKnownIsNamedWithTheReason() {
    environment.put("HF_ENDPOINT", "http://hub.invalid");
    assertThat(refusal("owner/law@main"))
        .contains("hub.invalid:80 cannot be reached", "not known to DNS")
        .doesNotContain("null");
  }

  @Test
  void anInterruptionIsCalledOne() {
    Thread.currentThread().interrupt();
    assertThat(refusal("owner/law@main")).contains("interrupted").doesNotContain("null");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void aProxyOfTheEnvironmentIsAskedWithItsLogin() throws IOException {
    // The hub itself plays the proxy: it is asked for another server's address.
    environment.put("HF_ENDPOINT", "http://hub.test");
    environment.put("HTTP_PROXY", withEndpoint("al:SECRET"));
    try (PackSource source = find("owner/law@main")) {
      assertThat(source.manifestBytes()).isEqualTo(hub.content("pack.json"));
    }
    assertThat(hub.asked()).allMatch(asked -> asked.proxyLogin().equals("Basic YWw6U0VDUkVU"));
  }

  @Test
  void aHubOfNoProxyIsAskedDirectly() {
    environment.put("ALL_PROXY", "http://al:SECRET@127.0.0.1:1");
    environment.put("no_proxy", "127.0.0.0/8");
    try (PackSource source = find("owner/law@main")) {
      assertThat(source.origin()).endsWith(COMMIT);
    }
    assertThat(hub.asked()).allMatch(asked -> asked.proxyLogin().isEmpty());
  }

  @Test
  void aProxyThatCannotBeReachedIsNamedWithItsVariable() {
    environment.put("HF_ENDPOINT", "https://hub.test");
    environment.put("https_proxy", "http://al:SECRET@127.0.0.1:1");
    assertThat(refusal("owner/law@main"))
        .contains("hub.test:443 by the proxy 127.0.0.1:1 of https_proxy cannot be reached");
  }

  @Test
  void aListingOfAbsurdSizesIsRefused() {
    hub.setListing(hub.freezeListing().replaceFirst("\"size\":\\d+", "\"size\":" + Long.MAX_VALUE));
    assertThat(refusal("owner/law@main")).contains("siblings[0].size");
  }
}

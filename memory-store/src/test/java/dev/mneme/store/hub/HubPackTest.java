package dev.mneme.store.hub;

import static dev.mneme.store.hub.FakeHub.COMMIT;
import static dev.mneme.store.hub.FakeHub.andMore;
import static dev.mneme.store.hub.FakeHub.cutAfter;
import static dev.mneme.store.hub.FakeHub.instead;
import static dev.mneme.store.hub.FakeHub.silentAfter;
import static dev.mneme.store.hub.FakeHub.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackManifest;
import dev.mneme.store.net.ProxyChoice;
import dev.mneme.store.packs.FetchListener;
import dev.mneme.store.packs.InstalledPack;
import dev.mneme.store.packs.MemoryStore;
import dev.mneme.store.packs.PackSource;
import dev.mneme.store.packs.Trust;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Packs over HTTP, with everything going wrong that can. */
class HubPackTest {

  private static final String WEIGHTS = "model.safetensors";
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir Path directory;

  private final List<Duration> pauses = new ArrayList<>();
  private final List<String> heard = new ArrayList<>();
  private MemoryPack pack;
  private FakeHub hub;
  private MemoryStore store;
  private Path downloads;
  private Map<String, String> environment = Map.of();

  @BeforeEach
  void startAHub() throws IOException {
    Path model = TinyModel.write(TinyModel.directory(directory, "model"), Family.LLAMA, 3);
    pack = MemoryPack.importFrom(model, "law", "law", directory.resolve("law"));
    hub = new FakeHub(pack.directory());
    store = MemoryStore.at(directory.resolve("store"));
    downloads = directory.resolve("downloads");
  }

  @AfterEach
  void stopTheHub() {
    hub.close();
  }

  private PackSource find(String revision) {
    return find(revision, 4, PATIENCE, Optional.of("secret"));
  }

  private PackSource find(
      String revision, int attempts, Duration patience, Optional<String> token) {
    var settings = new HubSettings(hub.endpoint(), token, false);
    var retries = new Retries(attempts, Duration.ofSeconds(1), Duration.ofMinutes(2), pauses::add);
    FetchListener listener = (file, done, all) -> heard.add("%s %d".formatted(file, done));
    return HubPack.open(
        new HubClient(settings, patience, ProxyChoice.of(environment)),
        retries,
        new HubReference("owner/law", revision),
        downloads,
        listener);
  }

  private InstalledPack install() {
    try (PackSource source = find("main")) {
      return store.install(source, Trust.OFF, false);
    }
  }

  private void refusesToInstall(Class<? extends MnemeException> type, String... parts) {
    assertThatThrownBy(this::install).isInstanceOf(type).hasMessageContainingAll(parts);
    assertThat(store.list()).isEmpty();
  }

  private List<Path> downloaded() throws IOException {
    if (!Files.exists(downloads)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(downloads)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }

  private static byte[] flipped(byte[] content) {
    byte[] other = content.clone();
    other[other.length / 2] ^= 1;
    return other;
  }

  @Test
  void aPackIsInstalledFromAHubAndKnowsItsCommit() throws IOException {
    InstalledPack installed = install();
    assertThat(installed.digest()).isEqualTo(pack.digest());
    assertThat(installed.origin()).isEqualTo("hf:owner/law@" + COMMIT);
    assertThat(store.verify("law", Trust.OFF)).isEqualTo(installed);
    assertThat(heard).contains(WEIGHTS + " " + hub.content(WEIGHTS).length);
    assertThat(downloaded()).isEmpty();
    assertThat(pauses).isEmpty();
  }

  @Test
  void theTokenIsShownToTheHubAndToNobodyElse() {
    install();
    assertThat(hub.asked().stream().filter(a -> !a.storage()).map(FakeHub.Asked::token).distinct())
        .containsExactly("Bearer secret");
    assertThat(hub.asked().stream().filter(FakeHub.Asked::storage))
        .isNotEmpty()
        .allMatch(a -> a.token().isEmpty());
  }

  @Test
  void onlyTheManifestIsFetchedOfAPackThatIsInstalledAlready() {
    install();
    int before = hub.asked(WEIGHTS).size();
    install();
    assertThat(hub.asked(WEIGHTS)).hasSize(before);
    assertThat(hub.asked(PackManifest.FILE)).hasSize(2);
  }

  @Test
  void aFileGoesOnWhereTheConnectionWasCut() {
    int third = hub.content(WEIGHTS).length / 3;
    hub.fail(WEIGHTS, cutAfter(third), cutAfter(0), cutAfter(third));
    hub.fail("config.json", cutAfter(7));
    assertThat(install().digest()).isEqualTo(pack.digest());
    assertThat(hub.asked(WEIGHTS).stream().filter(FakeHub.Asked::storage).map(FakeHub.Asked::range))
        .containsExactly(
            "",
            "bytes=%d-".formatted(third),
            "bytes=%d-".formatted(third),
            "bytes=%d-".formatted(2 * third));
    assertThat(pauses).hasSize(4);
  }

  @Test
  void whatAnEarlierAttemptLeftIsContinuedByTheNext() throws IOException {
    int half = hub.content(WEIGHTS).length / 2;
    hub.fail(WEIGHTS, cutAfter(half));
    try (PackSource source = find("main", 1, PATIENCE, Optional.empty())) {
      assertThatThrownBy(() -> store.install(source, Trust.OFF, false))
          .isInstanceOf(MnemeException.class)
          .hasMessageContainingAll(WEIGHTS, "what has come so far is kept");
    }
    assertThat(downloaded()).anyMatch(file -> file.toString().endsWith(WEIGHTS + ".part"));
    assertThat(install().digest()).isEqualTo(pack.digest());
    assertThat(hub.asked(WEIGHTS).getLast().range()).isEqualTo("bytes=%d-".formatted(half));
    assertThat(downloaded()).isEmpty();
  }

  @Test
  void whatWasLeftAndIsDamagedIsFetchedAgainFromTheBeginning() throws IOException {
    int half = hub.content(WEIGHTS).length / 2;
    hub.fail(WEIGHTS, cutAfter(half));
    try (PackSource source = find("main", 1, PATIENCE, Optional.empty())) {
      assertThatThrownBy(() -> store.install(source, Trust.OFF, false))
          .isInstanceOf(MnemeException.class);
    }
    Path left =
        downloaded().stream()
            .filter(file -> file.toString().endsWith(".part"))
            .findFirst()
            .orElseThrow();
    Files.write(left, flipped(Files.readAllBytes(left)));
    assertThat(install().digest()).isEqualTo(pack.digest());
    assertThat(hub.asked(WEIGHTS).getLast().range()).isEmpty();
  }

  @Test
  void aServerThatGivesNoPartsIsAskedForTheWhole() {
    byte[] weights = hub.content(WEIGHTS);
    hub.fail(WEIGHTS, cutAfter(weights.length / 2), instead(weights));
    assertThat(install().digest()).isEqualTo(pack.digest());
  }

  @Test
  void aServerThatAlwaysCutsAtTheSamePlaceIsGivenUp() {
    byte[] weights = hub.content(WEIGHTS);
    hub.fail(
        WEIGHTS,
        cutAfter(100),
        cutAfter(0),
        cutAfter(0),
        cutAfter(0),
        cutAfter(weights.length)); // would do
    refusesToInstall(MnemeException.class, "failed 4 times", WEIGHTS);
  }

  @Test
  void aSilentServerIsAskedAgain() throws IOException {
    hub.fail(WEIGHTS, silentAfter(10));
    try (PackSource source = find("main", 4, Duration.ofMillis(700), Optional.empty())) {
      assertThat(store.install(source, Trust.OFF, false).digest()).isEqualTo(pack.digest());
    }
    assertThat(hub.asked(WEIGHTS).getLast().range()).isEqualTo("bytes=10-");
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 500, 502, 503, 504})
  void aBusyServerIsAskedAgain(int code) {
    hub.fail(WEIGHTS, status(code), status(code));
    hub.fail("listing", status(code));
    assertThat(install().digest()).isEqualTo(pack.digest());
    assertThat(pauses).hasSize(3);
    assertThat(pauses.get(2)).isGreaterThan(pauses.get(1));
  }

  @Test
  void aServerThatSaysHowLongToWaitIsLeftAloneForSoLong() {
    hub.fail("listing", status(429, "Retry-After", "17"), status(503, "Retry-After", "86400"));
    install();
    assertThat(pauses).containsExactly(Duration.ofSeconds(17), Duration.ofMinutes(2));
  }

  @Test
  void aServerThatIsAlwaysBusyIsGivenUp() {
    hub.fail("listing", status(503), status(503), status(503), status(503));
    refusesToInstall(MnemeException.class, "failed 4 times", "503");
    assertThat(pauses).hasSize(3);
  }

  @Test
  void aFileWithOneOtherByteIsRefused() throws IOException {
    hub.freezeListing();
    hub.replace(WEIGHTS, flipped(hub.content(WEIGHTS)));
    refusesToInstall(PackIntegrityException.class, WEIGHTS, "digest", "expected");
    assertThat(downloaded()).noneMatch(file -> file.toString().contains(WEIGHTS));
  }

  @Test
  void aSmallFileWithOneOtherByteIsRefused() {
    hub.freezeListing();
    hub.replace("config.json", flipped(hub.content("config.json")));
    refusesToInstall(PackIntegrityException.class, "config.json", "digest", "expected");
  }

  @Test
  void aFileOfAnotherLengthIsRefused() {
    byte[] weights = hub.content(WEIGHTS);
    hub.fail(WEIGHTS, instead(Arrays.copyOf(weights, weights.length + 5)));
    refusesToInstall(
        PackIntegrityException.class,
        "has %d bytes, expected %d".formatted(weights.length + 5, weights.length));
  }

  @Test
  void aFileThatDoesNotEndIsRefused() {
    hub.fail(WEIGHTS, andMore(new byte[5000]));
    refusesToInstall(PackIntegrityException.class, "more than the expected");
  }

  @Test
  void aListingOfOtherSizesThanTheManifestsIsRefusedBeforeAnythingLargeIsFetched() {
    hub.replace(WEIGHTS, new byte[3]);
    hub.remove("tokenizer.json");
    refusesToInstall(
        PackIntegrityException.class,
        "\"model.safetensors\" has 3 bytes",
        "\"tokenizer.json\" is listed but absent");
    assertThat(hub.asked(WEIGHTS)).isEmpty();
  }

  @Test
  void aListingOfAnotherDigestThanTheManifestsIsRefusedBeforeAnythingLargeIsFetched() {
    hub.replace(WEIGHTS, flipped(hub.content(WEIGHTS)));
    refusesToInstall(PackIntegrityException.class, WEIGHTS, "has SHA-256");
    assertThat(hub.asked(WEIGHTS)).isEmpty();
  }

  @Test
  void aManifestThatTheHubDoesNotListAsItIsIsRefused() {
    hub.freezeListing();
    hub.replace(PackManifest.FILE, flipped(hub.content(PackManifest.FILE)));
    refusesToInstall(PackIntegrityException.class, PackManifest.FILE, "digest");
  }

  @Test
  void namesThatLeadElsewhereInAListingAreNeverUsed() throws IOException {
    hub.setListing(
        hub.freezeListing()
            .replace(
                "\"siblings\":[",
                "\"siblings\":[{\"rfilename\":\"../../evil.json\",\"size\":1,\"blobId\":\"%s\"},"
                    .formatted(COMMIT)));
    assertThat(install().digest()).isEqualTo(pack.digest());
    assertThat(hub.asked("evil.json")).isEmpty();
  }

  @Test
  void aListingWithoutDigestsIsRefused() {
    hub.setListing(hub.freezeListing().replace("blobId", "blob"));
    refusesToInstall(MalformedFileException.class, "siblings[0].blobId");
  }

  @Test
  void aListingThatIsAWebPageIsRefused() {
    hub.setListing("<html>welcome</html>");
    refusesToInstall(MalformedFileException.class, "not valid JSON", "/api/models/owner/law");
  }

  @Test
  void aModelThatIsNoPackIsRefusedWithTheWayOut() {
    hub.remove(PackManifest.FILE);
    refusesToInstall(MnemeException.class, "has no pack.json", "mneme import");
  }

  @Test
  void whoMayNotSeeARepositoryIsToldWhatToDo() {
    hub.fail("listing", status(401, "X-Error-Message", "Invalid username or password."));
    assertThatThrownBy(() -> find("main", 4, PATIENCE, Optional.empty()))
        .hasMessageContainingAll("401, Invalid username", "HF_TOKEN");
    hub.fail("listing", status(403));
    assertThatThrownBy(() -> find("main")).hasMessageContainingAll("403", "ask for access");
    hub.fail("listing", status(404, "X-Error-Message", "Invalid rev id"));
    assertThatThrownBy(() -> find("nowhere")).hasMessageContainingAll("404, Invalid rev id");
    assertThat(pauses).isEmpty();
  }

  @Test
  void redirectsInACircleAreNotFollowedForever() {
    FakeHub.Fault circle =
        status(302, "Location", hub.endpoint() + "/owner/law/resolve/" + COMMIT + "/" + WEIGHTS);
    hub.fail(WEIGHTS + " at hub", circle, circle, circle, circle, circle, circle, circle);
    refusesToInstall(MnemeException.class, "redirects more than 5 times");
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:///etc/passwd", "ftp://127.0.0.1/x", "mailto:x", "http://a b/"})
  void redirectsToWhatIsNoWebAddressAreNotFollowed(String location) {
    hub.fail(WEIGHTS + " at hub", status(302, "Location", location));
    refusesToInstall(MnemeException.class, "redirects to");
  }

  @Test
  void nothingIsAskedOfflineAndTheReasonIsGiven() {
    var client =
        new HubClient(
            new HubSettings(hub.endpoint(), Optional.empty(), true),
            PATIENCE,
            ProxyChoice.of(Map.of()));
    assertThatThrownBy(
            () ->
                HubPack.open(
                    client,
                    Retries.STANDARD,
                    new HubReference("owner/law", "main"),
                    downloads,
                    FetchListener.NONE))
        .hasMessageContaining("HF_HUB_OFFLINE");
    assertThat(hub.asked()).isEmpty();
  }

  @Test
  void aServerThatIsNotThereIsGivenUp() {
    hub.close();
    refusesToInstall(MnemeException.class, "failed 4 times");
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamed() throws IOException {
    Files.createFile(downloads);
    refusesToInstall(MnemeException.class, "cannot keep downloads", "MNEME_HOME");
  }

  @Test
  void filesCanBeReadWithoutInstalling() throws IOException {
    try (PackSource source = find(COMMIT)) {
      for (PackManifest.Entry entry : source.manifest().files()) {
        try (InputStream in = source.open(entry)) {
          assertThat(in.readAllBytes()).isEqualTo(hub.content(entry.name()));
        }
      }
      assertThatThrownBy(() -> source.open(new PackManifest.Entry("other", 1, "")))
          .isInstanceOf(IOException.class);
    }
  }
}

package dev.mneme.store.maven;

import static com.google.common.base.Throwables.getStackTraceAsString;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackManifest;
import dev.mneme.store.net.ProxyChoice;
import dev.mneme.store.packs.FetchListener;
import dev.mneme.store.packs.InstalledPack;
import dev.mneme.store.packs.MemoryStore;
import dev.mneme.store.packs.PackArchive;
import dev.mneme.store.packs.PackFinder;
import dev.mneme.store.packs.PackReference;
import dev.mneme.store.packs.PackSource;
import dev.mneme.store.packs.Trust;
import eu.maveniverse.maven.mima.context.ContextOverrides;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sonatype.plexus.components.cipher.DefaultPlexusCipher;
import org.sonatype.plexus.components.cipher.PlexusCipherException;

/** Packs from a Maven repository, by the user's settings. */
class MavenFinderTest {

  private static final String COORDINATES = "dev.law:law-pack:1.4";
  private static final String JAR = "dev/law/law-pack/1.4/law-pack-1.4.jar";
  private static final String SNAPSHOTS = "company/dev/law/law-pack/1.5-SNAPSHOT/";

  private static final String OFFLINE = "<offline>true</offline>";
  private static final String MIRROR =
      "<mirrors><mirror><id>house</id><mirrorOf>central</mirrorOf><url>%s</url></mirror></mirrors>";
  private static final String SERVERS =
      """
      <servers>
        <server><id>house</id><username>clerk</username><password>%s</password></server>
        <server><id>company</id><username>clerk</username><password>%<s</password></server>
      </servers>
      """;
  private static final String PROFILE =
      """
      <profiles><profile>
        <id>company</id>
        <activation><activeByDefault>true</activeByDefault></activation>
        <repositories><repository>
          <id>company</id><url>%scompany</url>
          <snapshots><enabled>true</enabled></snapshots>
        </repository></repositories>
      </profile></profiles>
      """;

  @TempDir Path directory;

  private final TestRepository repository = new TestRepository();
  private final List<String> heard = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();
  private Path home;
  private Path system;
  private MemoryStore store;

  @BeforeEach
  void setUpMaven() throws IOException {
    home = Files.createDirectories(directory.resolve("a home, näive"));
    system = Files.createDirectories(directory.resolve("maven"));
    store = MemoryStore.at(directory.resolve("store"));
    settings("");
  }

  @AfterEach
  void stop() {
    repository.close();
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;");
  }

  private void settings(String more) throws IOException {
    settings(TestRepository.PASSWORD, more);
  }

  private void settings(String password, String more) throws IOException {
    write(
        home.resolve("settings.xml"),
        MIRROR.formatted(repository.url()) + SERVERS.formatted(escaped(password)) + more);
  }

  private static void write(Path file, String settings) throws IOException {
    Files.writeString(file, "<settings>%s</settings>".formatted(settings));
  }

  private MavenFinder finder() {
    return new MavenFinder(
        ContextOverrides.create()
            .withUserSettings(true)
            .withMavenUserHomeOverride(home)
            .withMavenSystemHomeOverride(system)
            .withLocalRepositoryOverride(home.resolve("repository"))
            .build(),
        ProxyChoice.of(environment));
  }

  private InstalledPack pull(String coordinates) {
    FetchListener listener = (file, done, all) -> heard.add(file + " " + done + "/" + all);
    try (PackSource source = finder().find(coordinates, listener)) {
      return store.install(source, Trust.OFF, false);
    }
  }

  private MemoryPack law() {
    return TestJar.pack(directory, "law", 1);
  }

  private byte[] lawJar() {
    return TestJar.of(directory, law());
  }

  private static void assertSameBytes(InstalledPack installed, MemoryPack expected)
      throws IOException {
    assertThat(installed.digest()).isEqualTo(expected.digest());
    for (PackManifest.Entry file : expected.manifest().files()) {
      assertThat(installed.directory().resolve(file.name()))
          .hasSameBinaryContentAs(expected.directory().resolve(file.name()));
    }
  }

  private void assertRefused(ThrowingCallable pull, String... words) {
    assertThatThrownBy(pull).isInstanceOf(MnemeException.class).hasMessageContainingAll(words);
    assertNothingIsInstalled();
  }

  private void assertNothingIsInstalled() {
    assertThat(store.list()).isEmpty();
    assertThat(store.root().resolve("blobs")).doesNotExist();
  }

  @Test
  void referencesFindIt() {
    assertThat(ServiceLoader.load(PackFinder.class)).hasAtLeastOneElementOfType(MavenFinder.class);
    assertThatThrownBy(() -> new PackReference("mvn:law").open(FetchListener.NONE))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("\"mvn:law\" is no pack's coordinates");
  }

  @Test
  void aPackInAJarIsInstalledByMirrorAndPassword() throws IOException {
    MemoryPack law = law();
    byte[] jar = TestJar.of(directory, law);
    repository.add(JAR, jar);
    InstalledPack installed = pull(COORDINATES);
    assertSameBytes(installed, law);
    assertThat(installed.name()).isEqualTo("law");
    assertThat(installed.origin()).isEqualTo("mvn:dev.law:law-pack:1.4");
    assertThat(heard)
        .startsWith("law-pack-1.4.jar 0/" + jar.length)
        .endsWith("law-pack-1.4.jar %d/%<d".formatted(jar.length));
    assertThat(repository.requests()).containsExactly("/" + JAR, "/" + JAR + ".sha1");
  }

  @Test
  void aPasswordMayBeEncrypted() throws IOException, PlexusCipherException {
    var cipher = new DefaultPlexusCipher();
    String master = cipher.encryptAndDecorate("master", "settings.security");
    Files.writeString(
        home.resolve("settings-security.xml"),
        "<settingsSecurity><master>%s</master></settingsSecurity>".formatted(master));
    settings(cipher.encryptAndDecorate(TestRepository.PASSWORD, "master"), "");
    repository.add(JAR, lawJar());
    assertThat(pull(COORDINATES).name()).isEqualTo("law");
  }

  @Test
  void settingsOfTheWholeMachineCount() throws IOException {
    write(home.resolve("settings.xml"), SERVERS.formatted(escaped(TestRepository.PASSWORD)));
    Path conf = Files.createDirectories(system.resolve("conf"));
    write(conf.resolve("settings.xml"), MIRROR.formatted(repository.url()));
    repository.add(JAR, lawJar());
    assertThat(pull(COORDINATES).name()).isEqualTo("law");
  }

  @Test
  void theRepositoriesOfActiveProfilesAreAskedFirst() throws IOException {
    settings(PROFILE.formatted(repository.url()));
    repository.add("company/" + JAR, lawJar());
    repository.add(JAR, "another artifact of that name".getBytes(StandardCharsets.UTF_8));
    assertThat(pull(COORDINATES).name()).isEqualTo("law");
    assertThat(repository.requests()).allMatch(path -> path.startsWith("/company/"));
  }

  @Test
  void whatTheLocalRepositoryHasNeedsNoNetwork() throws IOException {
    MemoryPack law = law();
    repository.add(JAR, TestJar.of(directory, law));
    pull(COORDINATES);
    store.remove("law");
    repository.requests().clear();
    settings(OFFLINE);
    assertSameBytes(pull(COORDINATES), law);
    assertThat(repository.requests()).isEmpty();
  }

  @Test
  void offlineWhatWasNeverFetchedIsRefused() throws IOException {
    repository.add(JAR, lawJar());
    settings(OFFLINE);
    assertRefused(() -> pull(COORDINATES), "has not been fetched from house (http://", "<offline>");
    assertThat(repository.requests()).isEmpty();
  }

  @Test
  void aWrongChecksumIsRefused() {
    byte[] jar = lawJar();
    repository.add(JAR, jar);
    repository.addChecksum(JAR, "0".repeat(40));
    assertRefused(() -> pull(COORDINATES), "house (http://", "Checksum validation failed");
    repository.add(JAR, jar);
    assertThat(pull(COORDINATES).name()).isEqualTo("law"); // nothing wrong was kept
  }

  @Test
  void anAbsentChecksumIsRefused() {
    repository.addAlone(JAR, lawJar());
    assertRefused(() -> pull(COORDINATES), "no checksums available", "`mvn deploy`");
  }

  @Test
  void anAbsentArtifactIsRefused() {
    assertRefused(
        () -> pull(COORDINATES),
        "cannot get mvn:dev.law:law-pack:1.4: house (http://",
        "does not have it; check the coordinates");
  }

  @Test
  void aWrongPasswordIsRefused() throws IOException {
    repository.add(JAR, lawJar());
    settings("guessed", "");
    assertRefused(() -> pull(COORDINATES), "house (http://", "refuses it (401)", "<server>");
  }

  @Test
  void whatTheUserMayNotHaveIsRefused() {
    repository.add(JAR, lawJar());
    repository.forbid();
    assertRefused(() -> pull(COORDINATES), "house (http://", "refuses it (403)");
  }

  @Test
  void aConnectionCutInTheMiddleIsToldAndLeavesNothing() {
    repository.add(JAR, lawJar());
    repository.setCutting(true);
    assertRefused(() -> pull(COORDINATES), "house (http://", "try again");
    repository.setCutting(false);
    assertThat(pull(COORDINATES).name()).isEqualTo("law");
  }

  @Test
  void aRepositoryThatIsDownIsTold() {
    repository.close();
    assertRefused(() -> pull(COORDINATES), "house (http://", "the connection was refused");
  }

  @Test
  void brokenSettingsAreTold() throws IOException {
    Files.writeString(home.resolve("settings.xml"), "<settings><mirrors></settings>");
    assertRefused(() -> pull(COORDINATES), "Maven's settings cannot be used", "settings.xml");
  }

  @Test
  void brokenSettingsAreToldWithoutWhatTheyHold() throws IOException {
    Files.writeString(
        home.resolve("settings.xml"),
        "<settings><servers><server><password>SECRET</passwrd></server></servers></settings>");
    assertThatThrownBy(() -> pull(COORDINATES))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("settings.xml", "line 1")
        .satisfies(e -> assertThat(getStackTraceAsString(e)).doesNotContain("SECRET"));
  }

  @Test
  void aPasswordInARepositorysAddressIsNotShown() throws IOException {
    String address = repository.url().replace("://", "://clerk:SEC@RET@");
    write(home.resolve("settings.xml"), MIRROR.formatted(address));
    for (int i = 0; i < 2; i++) { // first it is absent, then the repository is down
      assertThatThrownBy(() -> pull(COORDINATES))
          .isInstanceOf(MnemeException.class)
          .hasMessageContaining("house (http://")
          .satisfies(
              e -> assertThat(getStackTraceAsString(e)).doesNotContain("SEC", "RET", "clerk"));
      repository.close();
    }
  }

  @Test
  void aProxyOfTheEnvironmentIsAskedWhereTheSettingsNameNone() throws IOException {
    repository.add(JAR, lawJar());
    // The repository itself plays the proxy: it is asked for another server's address.
    write(
        home.resolve("settings.xml"),
        MIRROR.formatted("http://repository.test/")
            + SERVERS.formatted(escaped(TestRepository.PASSWORD)));
    environment.put("HTTP_PROXY", repository.url());
    assertThat(pull(COORDINATES).name()).isEqualTo("law");
    store.remove("law");
    environment.put("NO_PROXY", ".test");
    repository.requests().clear();
    assertThatThrownBy(() -> pull("dev.law:law-pack:1.5"))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("house (http://repository.test/)", "not known to DNS");
    assertThat(repository.requests()).isEmpty();
  }

  @Test
  void aJarWithoutAPackIsRefused() {
    repository.add(JAR, TestJar.of(directory));
    assertThatThrownBy(() -> pull(COORDINATES))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("law-pack-1.4.jar holds no pack");
    assertNothingIsInstalled();
  }

  @Test
  void aSnapshotIsTheNewestAndItsOriginThatOne() throws IOException {
    settings(PROFILE.formatted(repository.url()));
    MemoryPack first = law();
    deploySnapshot("20260101.120000", 1, TestJar.of(directory, first));
    InstalledPack installed = pull("dev.law:law-pack:1.5-SNAPSHOT");
    assertThat(installed.origin()).isEqualTo("mvn:dev.law:law-pack:1.5-20260101.120000-1");
    assertSameBytes(installed, first);
    MemoryPack second = TestJar.pack(directory, "law", 2);
    deploySnapshot("20260102.120000", 2, TestJar.of(directory, second));
    installed = pull("dev.law:law-pack:1.5-SNAPSHOT");
    assertThat(installed.origin()).isEqualTo("mvn:dev.law:law-pack:1.5-20260102.120000-2");
    assertSameBytes(installed, second);
    assertSameBytes(pull("dev.law:law-pack:1.5-20260101.120000-1"), first);
  }

  @Test
  void offlineASnapshotIsTheOneThatWasFetchedLast() throws IOException {
    settings(PROFILE.formatted(repository.url()));
    deploySnapshot("20260101.120000", 1, lawJar());
    pull("dev.law:law-pack:1.5-SNAPSHOT");
    settings(PROFILE.formatted(repository.url()) + OFFLINE);
    repository.close();
    assertThat(pull("dev.law:law-pack:1.5-SNAPSHOT").origin())
        .isEqualTo("mvn:dev.law:law-pack:1.5-20260101.120000-1");
  }

  @Test
  void aSnapshotNeedsARepositoryOfSnapshots() {
    assertRefused(
        () -> pull("dev.law:law-pack:1.5-SNAPSHOT"),
        "the local repository, the only one here that is set up for such a version, does not have"
            + " it");
  }

  private void deploySnapshot(String time, int build, byte[] jar) {
    String version = "1.5-%s-%d".formatted(time, build);
    String updated = time.replace(".", "");
    repository.add(SNAPSHOTS + "law-pack-%s.jar".formatted(version), jar);
    repository.add(
        SNAPSHOTS + "maven-metadata.xml",
        """
        <metadata modelVersion="1.1.0">
          <groupId>dev.law</groupId><artifactId>law-pack</artifactId><version>1.5-SNAPSHOT</version>
          <versioning>
            <snapshot><timestamp>%s</timestamp><buildNumber>%d</buildNumber></snapshot>
            <lastUpdated>%s</lastUpdated>
            <snapshotVersions><snapshotVersion>
              <extension>jar</extension><value>%s</value><updated>%3$s</updated>
            </snapshotVersion></snapshotVersions>
          </versioning>
        </metadata>
        """
            .formatted(time, build, updated, version)
            .getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void anArchiveIsInstalledFromItsCoordinates() throws IOException {
    MemoryPack law = law();
    Path file = directory.resolve("law.mpack");
    PackArchive.write(law, file);
    repository.add("dev/law/law-pack/1.4/law-pack-1.4.mpack", Files.readAllBytes(file));
    InstalledPack installed = pull("dev.law:law-pack:mpack:1.4");
    assertSameBytes(installed, law);
    assertThat(installed.origin()).isEqualTo("mvn:dev.law:law-pack:mpack:1.4");
  }

  @Test
  void aClassifierPicksOneOfSeveralJars() throws IOException {
    MemoryPack law = law();
    repository.add("dev/law/law-pack/1.4/law-pack-1.4-tiny.jar", TestJar.of(directory, law));
    InstalledPack installed = pull("dev.law:law-pack:jar:tiny:1.4");
    assertSameBytes(installed, law);
    assertThat(installed.origin()).isEqualTo("mvn:dev.law:law-pack:jar:tiny:1.4");
  }
}

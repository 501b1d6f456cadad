package dev.mneme.store.packs;

import static dev.mneme.store.packs.TinyPacks.files;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One store and several processes. */
class SeveralProcessesTest {

  private static final int PROCESSES = 4;
  private static final int SECONDS = 60;

  @TempDir Path directory;

  private Path root;
  private MemoryStore store;
  private TinyPacks tiny;

  @BeforeEach
  void openAStore() {
    root = directory.resolve("store");
    store = MemoryStore.at(root);
    tiny = new TinyPacks(directory);
  }

  @Test
  void installListLeaseAndCollectAtOnceAndAllSucceed() throws Exception {
    List<MemoryPack> packs =
        List.of(
            tiny.make("law", PackVersion.FIRST, 1),
            tiny.make("finance", PackVersion.FIRST, 2),
            tiny.make("law", TinyPacks.SECOND, 3),
            tiny.make("tax", PackVersion.FIRST, 1));
    for (int seed = 10; seed < 14; seed++) { // for each of them to collect
      TinyPacks.install(store, tiny.make("old", PackVersion.FIRST, seed));
    }
    store.remove("old");
    TinyPacks.age(store);

    var running = new ArrayList<Process>();
    for (int i = 0; i < PROCESSES; i++) {
      var arguments = new ArrayList<Object>(List.of(root, i));
      packs.forEach(pack -> arguments.add(pack.directory()));
      running.add(
          OtherJvm.start(StoreUser.class, directory.resolve("log-" + i), arguments.toArray()));
    }
    for (Process process : running) {
      process.getOutputStream().close();
    }
    for (int i = 0; i < PROCESSES; i++) {
      assertThat(running.get(i).waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
      String said = read(directory.resolve("log-" + i));
      assertThat(running.get(i).exitValue()).as(said).isZero();
    }

    assertThat(store.list())
        .extracting(InstalledPack::name)
        .containsExactly("finance", "law", "tax");
    Set<String> bytes = new HashSet<>();
    for (InstalledPack installed : store.list()) {
      store
          .verify(installed.name(), Trust.OFF)
          .manifest()
          .files()
          .forEach(f -> bytes.add(f.sha256()));
    }
    assertThat(root.resolve("making")).isEmptyDirectory();
    store.collect(Duration.ofHours(-1));
    assertThat(files(store, "packs")).hasSize(3 * 4);
    assertThat(files(store, "blobs"))
        .extracting(blob -> blob.getFileName().toString())
        .isSubsetOf(bytes);
    assertThat(files(store, "leases")).isEmpty();
  }

  @ParameterizedTest(name = "killed: {0}")
  @ValueSource(booleans = {false, true})
  void aPackThatIsRemovedStaysUntilTheProcessThatLeasesItEnds(boolean killed) throws Exception {
    InstalledPack law = TinyPacks.install(store, tiny.make("law", PackVersion.FIRST, 1));
    Path log = directory.resolve("log");
    Process holder = OtherJvm.start(LeaseHolder.class, log, root, "law");
    try {
      while (!Files.readString(log).contains(LeaseHolder.READY)) {
        assertThat(holder.isAlive()).as(() -> read(log)).isTrue();
        Thread.sleep(20);
      }
      assertThat(store.remove("law")).isTrue();
      assertThat(store.collect(Duration.ofHours(-1)).packs()).isEmpty();
      assertThat(MemoryPack.open(law.directory()).digest()).isEqualTo(law.digest());
      if (killed) {
        holder.destroyForcibly();
      } else {
        holder.getOutputStream().close();
      }
      assertThat(holder.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(store.collect(Duration.ofHours(-1)).packs()).containsExactly(law.digest());
    } finally {
      holder.destroyForcibly();
    }
    assertThat(law.directory()).doesNotExist();
    assertThat(files(store, "blobs")).isEmpty();
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }
}

package dev.mneme.store.packs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackVersion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store whose process ends at every step of installing and collecting. */
class KilledInstallTest {

  /** Far more than there are. */
  private static final int MOST_STEPS = 60;

  @TempDir Path directory;

  @Test
  void aStoreHasTheOldPackOrTheNewWhereverItsProcessEnds() throws Exception {
    var packs = new TinyPacks(directory);
    MemoryPack old = packs.make("law", PackVersion.FIRST, 1);
    MemoryPack newer = packs.make("law", TinyPacks.SECOND, 2);
    Path root = directory.resolve("store");
    int steps = 0;
    int oldFound = 0;
    int exit = KilledInstall.KILLED;
    while (exit == KilledInstall.KILLED) {
      steps++;
      assertThat(steps).isLessThan(MOST_STEPS);
      MoreFiles.deleteRecursively(
          Files.createDirectories(root), RecursiveDeleteOption.ALLOW_INSECURE);
      TinyPacks.install(MemoryStore.at(root), old);
      exit = run(root, newer, steps);
      assertThat(exit).isIn(0, KilledInstall.KILLED);

      MemoryStore store = MemoryStore.at(root);
      InstalledPack found = store.verify("law", Trust.OFF);
      assertThat(found.digest()).as("step %d", steps).isIn(old.digest(), newer.digest());
      assertThat(TinyPacks.files(store, "making")).as("step %d", steps).isEmpty();
      oldFound += found.digest().equals(old.digest()) ? 1 : 0;

      TinyPacks.install(store, newer);
      store.collect(Duration.ofHours(-1));
      assertThat(store.verify("law", Trust.OFF).digest()).isEqualTo(newer.digest());
      assertThat(TinyPacks.files(store, "packs")).hasSize(newer.manifest().files().size() + 1);
      assertThat(TinyPacks.files(store, "blobs")).hasSize(newer.manifest().files().size());
    }
    assertThat(oldFound).isBetween(1, steps - 2); // both were seen
  }

  private int run(Path root, MemoryPack pack, int step) throws Exception {
    return OtherJvm.start(
            KilledInstall.class, directory.resolve("log"), root, pack.directory(), step)
        .waitFor();
  }
}

package dev.mneme.store.packs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackLabel;
import dev.mneme.store.PackVersion;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store whose process ends at every step of installing and collecting. */
class KilledInstallTest {

  /** Far more than there are. */
  private static final int MOST_STEPS = 60;

  @TempDir Path directory;

  private MemoryPack pack(PackVersion version, int seed) {
    Path model = TinyModel.write(TinyModel.directory(directory, "model"), Family.LLAMA, seed);
    return MemoryPack.importFrom(
        model, PackLabel.of("law", "").withVersion(version), directory.resolve("law-" + seed));
  }

  private static void install(Path root, MemoryPack pack) {
    try (PackFolder source = PackFolder.open(pack.directory())) {
      MemoryStore.at(root).install(source, Trust.OFF, false);
    }
  }

  @Test
  void aStoreHasTheOldPackOrTheNewWhereverItsProcessEnds() throws Exception {
    MemoryPack old = pack(PackVersion.FIRST, 1);
    MemoryPack newer = pack(new PackVersion(1, 1, 0), 2);
    Path root = directory.resolve("store");
    int steps = 0;
    int oldFound = 0;
    int exit = KilledInstall.KILLED;
    while (exit == KilledInstall.KILLED) {
      steps++;
      assertThat(steps).isLessThan(MOST_STEPS);
      MoreFiles.deleteRecursively(
          Files.createDirectories(root), RecursiveDeleteOption.ALLOW_INSECURE);
      install(root, old);
      exit = run(root, newer, steps);
      assertThat(exit).isIn(0, KilledInstall.KILLED);

      MemoryStore store = MemoryStore.at(root);
      InstalledPack found = store.verify("law", Trust.OFF);
      assertThat(found.digest()).as("step %d", steps).isIn(old.digest(), newer.digest());
      assertThat(files(root.resolve("making"))).as("step %d", steps).isEmpty();
      oldFound += found.digest().equals(old.digest()) ? 1 : 0;

      install(root, newer);
      store.collect(Duration.ofHours(-1));
      assertThat(store.verify("law", Trust.OFF).digest()).isEqualTo(newer.digest());
      assertThat(files(root.resolve("packs"))).hasSize(newer.manifest().files().size() + 1);
      assertThat(files(root.resolve("blobs"))).hasSize(newer.manifest().files().size());
    }
    assertThat(oldFound).isBetween(1, steps - 2); // both were seen
  }

  private static int run(Path root, MemoryPack pack, int step) throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            KilledInstall.class.getName(),
            root.toString(),
            pack.directory().toString(),
            Integer.toString(step))
        .redirectErrorStream(true)
        .redirectOutput(new File("/dev/null"))
        .start()
        .waitFor();
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }
}

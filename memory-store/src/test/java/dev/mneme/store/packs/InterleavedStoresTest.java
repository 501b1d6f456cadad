package dev.mneme.store.packs;

import static dev.mneme.store.packs.TinyPacks.files;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackVersion;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two users of one store, of which one does all it wants before a step of the other: in turn before
 * each of them.
 */
class InterleavedStoresTest {

  @TempDir Path directory;

  private MemoryPack law;
  private MemoryPack later;

  @BeforeEach
  void makePacks() {
    var packs = new TinyPacks(directory);
    law = packs.make("law", PackVersion.FIRST, 1);
    later = packs.make("law", TinyPacks.SECOND, 2);
  }

  private interface Work {
    void with(MemoryStore store) throws IOException;
  }

  /**
   * Does everything once for each step that {@code steps} has, on a new store each time.
   *
   * @return how many steps that were
   */
  private int interleave(Work before, Work steps, Work between, Work after) throws IOException {
    for (int at = 1; ; at++) {
      Path root = directory.resolve("store-" + at);
      MemoryStore other = MemoryStore.at(root);
      before.with(other);
      var left = new AtomicInteger(at);
      Runnable step =
          () -> {
            if (left.decrementAndGet() == 0) {
              try {
                between.with(other);
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            }
          };
      steps.with(new MemoryStore(root, InstantSource.system(), step));
      if (left.get() > 0) {
        return at - 1; // all was done without coming so far
      }
      after.with(other);
      assertThat(root.resolve("making")).as("step %d", at).isEmptyDirectory();
    }
  }

  /** An old pack that no name means. */
  private void forgottenPack(MemoryStore store) throws IOException {
    TinyPacks.install(store, law);
    store.remove("law");
    TinyPacks.age(store);
  }

  private void lawIsWhole(MemoryStore store) throws IOException {
    assertThat(store.verify("law", Trust.OFF).digest()).isEqualTo(law.digest());
    store.collect(Duration.ofHours(-1));
    assertThat(files(store, "packs")).hasSize(4);
  }

  @Test
  void aPackThatIsInstalledAgainWhileItIsCollectedStays() throws IOException {
    int steps =
        interleave(
            this::forgottenPack,
            store -> store.collect(MemoryStore.GRACE),
            store -> TinyPacks.install(store, law),
            this::lawIsWhole);
    assertThat(steps).isPositive();
  }

  @Test
  void aPackThatIsCollectedWhileItIsInstalledAgainStays() throws IOException {
    int steps =
        interleave(
            this::forgottenPack,
            store -> TinyPacks.install(store, law),
            store -> store.collect(MemoryStore.GRACE),
            this::lawIsWhole);
    assertThat(steps).isPositive();
  }

  @Test
  void whatIsCollectedByTwoIsFreedOnce() throws IOException {
    int steps =
        interleave(
            this::forgottenPack,
            store -> store.collect(MemoryStore.GRACE),
            store -> store.collect(MemoryStore.GRACE),
            store -> {
              assertThat(files(store, "packs")).isEmpty();
              assertThat(files(store, "blobs")).isEmpty();
            });
    assertThat(steps).isGreaterThan(2);
  }

  @Test
  void whatALeaseGivesIsNotCollectedThoughItsNameGotAnotherMeaningMeanwhile() throws IOException {
    int steps =
        interleave(
            store -> TinyPacks.install(store, law),
            store -> {
              try (PackLease lease = store.lease("law", Trust.OFF)) {
                store.collect(Duration.ofHours(-1));
                MemoryPack leased = MemoryPack.open(lease.pack().directory());
                assertThat(leased.digest()).isIn(law.digest(), later.digest());
              }
            },
            store -> {
              TinyPacks.install(store, later);
              store.collect(Duration.ofHours(-1));
            },
            store -> store.verify("law", Trust.OFF));
    assertThat(steps).isPositive();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void thatTwoInstallAtOnceLeavesOneOfTheirPacks(boolean same) throws IOException {
    MemoryPack other = same ? law : later;
    int steps =
        interleave(
            store -> {},
            store -> TinyPacks.install(store, law),
            store -> TinyPacks.install(store, other),
            store ->
                assertThat(store.verify("law", Trust.OFF).digest())
                    .isIn(law.digest(), other.digest()));
    assertThat(steps).isGreaterThan(4);
  }
}

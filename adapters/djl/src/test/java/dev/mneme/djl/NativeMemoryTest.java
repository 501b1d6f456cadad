package dev.mneme.djl;

import static dev.mneme.MallocGrowth.requireNoGrowth;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.mneme.FloatRows;
import dev.mneme.HostIdentity;
import dev.mneme.HostSession;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
import dev.mneme.Tap;
import dev.mneme.TappedHost;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackLabel;
import dev.mneme.store.hf.MlpShape.Style;
import dev.mneme.store.testing.TinyMlp;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a token and a session leave behind, on the heap and outside. */
class NativeMemoryTest {

  private static final int TOKENS = 4_000;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir Path directory;

  private TorchHost host() {
    return TorchHost.open(TinyModel.write(directory, Family.LLAMA, 3));
  }

  private static void extend(HostSession session, int tokens) {
    int[] token = {100};
    for (int i = 0; i < tokens; i++) {
      if (session.length() == session.capacity()) {
        session.truncate(1);
      }
      session.forward(token, Rows.LAST);
    }
  }

  @Test
  void tokensOfAHostLeaveNothingBehind() {
    Set<Tap> taps = Set.of(Tap.lastFeedForwardInput());
    try (TorchHost host = host();
        HostSession session = host.openSession(1, taps)) {
      requireNoGrowth(() -> extend(session, TOKENS), 8 * TOKENS); // a forgotten number takes 32
    }
  }

  @Test
  void aTokenOfAHostTakesAtMostFourKilobytesOfHeap() {
    try (TorchHost host = host();
        HostSession session = host.openSession(1)) {
      extend(session, 100);
      long before = THREADS.getCurrentThreadAllocatedBytes();
      extend(session, TOKENS);
      long bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
      assertThat(bytes / TOKENS).isLessThanOrEqualTo(4096);
    }
  }

  @Test
  void sessionsGiveTheirMemoryBack() {
    try (TorchHost host = host()) {
      requireNoGrowth(() -> openAndClose(host, 200), 200 * 100);
    }
  }

  private static void openAndClose(TorchHost host, int times) {
    for (int i = 0; i < times; i++) {
      try (HostSession session = host.openSession(1)) {
        session.forward(new int[] {5, 100, 101}, Rows.ALL);
      }
    }
  }

  @Test
  void modelsGiveTheirMemoryBack() {
    host().close();
    requireNoGrowth(() -> openAndCloseModels(15), 15 * 25_000); // a third of the weights
  }

  private void openAndCloseModels(int times) {
    for (int i = 0; i < times; i++) {
      var converted = TorchOptions.defaults().withPrecision(WeightPrecision.BFLOAT16);
      try (TorchHost host = TorchHost.open(directory, converted);
          HostSession session = host.openSession(1)) {
        session.forward(new int[] {5}, Rows.LAST);
      }
    }
  }

  @Test
  void tokensBesideAnMlpMemoryLeaveNothingBehind() throws IOException {
    Path hostFolder = Files.createDirectory(directory.resolve("host"));
    TinyModel.write(hostFolder, Family.LLAMA, 1);
    Path memoryFolder = Files.createDirectory(directory.resolve("memory"));
    TinyMlp.write(memoryFolder, Style.MISTRAL, hostFolder, TinyModel.HIDDEN, 5);
    var reads =
        new TappedHost(
            new HostIdentity(
                "llama", TinyModel.HIDDEN, TinyModel.LAYERS, "sha256:" + "0".repeat(64)),
            Tap.lastFeedForwardInput());
    MemoryPack pack =
        MemoryPack.importFrom(
            memoryFolder, PackLabel.of("tiny", ""), reads, directory.resolve("pack"));
    try (TorchMlpMemory memory = TorchMlpMemory.open(pack);
        MemorySession session = memory.openSession(1)) {
      requireNoGrowth(() -> recall(session), 8 * TOKENS);
    }
  }

  private static void recall(MemorySession session) {
    FloatRows activation = FloatRows.of(new float[TinyModel.HIDDEN], TinyModel.HIDDEN);
    int[] token = {100};
    for (int i = 0; i < TOKENS; i++) {
      session.recall(token, activation, Rows.LAST);
    }
  }
}

package dev.mneme.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a token and a session leave behind, on the heap and outside. */
class NativeMemoryTest {

  private static final int ROUNDS = 10;
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
      var converted = TorchOptions.defaults().withPrecision(WeightPrecision.BFLOAT16); // not mapped
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

  /**
   * Repeats work until one round leaves malloc's count as it was. The JVM itself takes and returns
   * megabytes now and then, but what the work leaves behind would be there after every round.
   *
   * @param bytes less than what must not be left behind
   */
  private static void requireNoGrowth(Runnable work, long bytes) {
    work.run();
    List<Long> growths = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      long before = mallocBytes();
      work.run();
      growths.add(mallocBytes() - before);
      if (Math.abs(growths.getLast()) < bytes) {
        return;
      }
    }
    fail("every round left memory behind, in bytes: %s; allowed %d", growths, bytes);
  }

  /** Bytes that malloc has given out and not got back, large blocks included (mallinfo2(3)). */
  private static long mallocBytes() {
    MemoryLayout sizes = MemoryLayout.sequenceLayout(10, ValueLayout.JAVA_LONG);
    Linker linker = Linker.nativeLinker();
    var mallinfo = linker.defaultLookup().find("mallinfo2");
    assumeTrue(mallinfo.isPresent(), "only glibc tells");
    MethodHandle call =
        linker.downcallHandle(
            mallinfo.get(), FunctionDescriptor.of(MemoryLayout.structLayout(sizes)));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = (MemorySegment) call.invokeExact((SegmentAllocator) arena);
      return info.getAtIndex(ValueLayout.JAVA_LONG, 4) + info.getAtIndex(ValueLayout.JAVA_LONG, 7);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}

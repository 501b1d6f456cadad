package dev.mneme;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/** What work leaves behind in native memory, for tests of whatever owns some. */
public final class MallocGrowth {

  private static final int ROUNDS = 10;

  private MallocGrowth() {}

  /**
   * Repeats work until one round leaves malloc's count as it was. The JVM itself takes and returns
   * megabytes now and then, but what the work leaves behind would be there after every round.
   *
   * @param bytes less than what must not be left behind
   */
  public static void requireNoGrowth(Runnable work, long bytes) {
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

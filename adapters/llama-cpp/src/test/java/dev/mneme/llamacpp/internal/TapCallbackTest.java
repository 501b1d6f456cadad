package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mneme.llamacpp.ChildJvm;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The callback, called as llama.cpp calls it: by its address, with a tensor. */
class TapCallbackTest {

  private static final String[] NAMES = {"l_out-1", "ffn_norm-0"};
  private static final FunctionDescriptor SIGNATURE =
      FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS, JAVA_BOOLEAN, ADDRESS);

  @TempDir Path directory;

  /** A tensor of a name, in memory that an earlier name was in. */
  private static MemorySegment tensor(String name, Arena arena) {
    MemorySegment tensor = arena.allocate(Release.TENSOR);
    long offset = LlamaLibrary.offset(Release.TENSOR, "name");
    tensor.asSlice(offset, 64).fill((byte) 'x');
    tensor.setString(offset, name);
    return tensor;
  }

  private static boolean call(MemorySegment address, MemorySegment tensor, boolean ask) {
    MethodHandle handle = Linker.nativeLinker().downcallHandle(address, SIGNATURE);
    try {
      return (boolean) handle.invokeExact(tensor, ask, MemorySegment.NULL);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void onlyTensorsOfTheNamesAskedForAreWanted() {
    try (Arena arena = Arena.ofConfined()) {
      var installed = TapCallback.install(Release.TENSOR, NAMES, (index, tensor) -> {}, arena);
      for (String name : NAMES) {
        assertThat(call(installed.address(), tensor(name, arena), true)).as(name).isTrue();
      }
      for (String other :
          List.of("", "l_out-", "l_out-10", "l_out-2", "ffn_norm-01", "ffn_norm-0 (view)")) {
        assertThat(call(installed.address(), tensor(other, arena), true)).as(other).isFalse();
      }
    }
  }

  @Test
  void aTensorThatWasComputedIsHandedOnByTheIndexOfItsName() {
    var seen = new ArrayList<Integer>();
    try (Arena arena = Arena.ofConfined()) {
      var installed =
          TapCallback.install(Release.TENSOR, NAMES, (index, tensor) -> seen.add(index), arena);
      for (String name : List.of("ffn_norm-0", "l_out-1")) {
        assertThat(call(installed.address(), tensor(name, arena), false)).isTrue();
      }
      assertThat(seen).containsExactly(1, 0);
      assertThat(installed.callback().takeFailure()).isNull();
    }
  }

  /** Left alone, they would end this JVM. */
  @Test
  void exceptionsAndErrorsAreKeptForAfterTheGraph() {
    String outcome =
        inOtherJvm(
            () -> {
              var failures = new ArrayList<String>();
              for (Throwable thrown :
                  List.of(new IllegalArgumentException("no"), new StackOverflowError("deep"))) {
                failures.add(failureOf(thrown));
              }
              return failures;
            });
    assertThat(outcome)
        .isEqualTo(
            "returned "
                + Arrays.asList(
                    "java.lang.IllegalArgumentException: no, then null",
                    "java.lang.IllegalStateException: reading an activation failed, then null"));
  }

  private String inOtherJvm(ChildJvm.Action action) {
    try (var jvm = new ChildJvm(directory.resolve("jvm.log"))) {
      return jvm.outcome(action);
    }
  }

  private static String failureOf(Throwable thrown) {
    try (Arena arena = Arena.ofConfined()) {
      var installed =
          TapCallback.install(
              Release.TENSOR,
              NAMES,
              (index, tensor) -> {
                if (thrown instanceof Error error) {
                  throw error;
                }
                throw (RuntimeException) thrown;
              },
              arena);
      assertThat(call(installed.address(), tensor("l_out-1", arena), false)).isTrue();
      return installed.callback().takeFailure() + ", then " + installed.callback().takeFailure();
    }
  }
}

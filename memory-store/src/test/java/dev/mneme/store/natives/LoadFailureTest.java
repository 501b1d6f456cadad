package dev.mneme.store.natives;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class LoadFailureTest {

  @Test
  void everyCauseIsNamedOnce() {
    var cause = new UnsatisfiedLinkError("libc10.so: file too short");
    var failure =
        new ExceptionInInitializerError(
            new IllegalStateException("the engine could not be started in this process", cause));
    assertThat(LoadFailure.explain(failure))
        .contains("the engine could not be started in this process", "libc10.so: file too short")
        .containsOnlyOnce("too short");
  }

  @Test
  void aLibraryOfAnotherClassLoaderIsExplained() {
    var failure =
        new UnsatisfiedLinkError("Native Library /a/lib.so already loaded in another classloader");
    assertThat(LoadFailure.explain(new RuntimeException("cannot start", failure)))
        .contains("/a/lib.so", "another class loader", "a JVM of its own");
  }

  @Test
  void aJvmThatForbidsNativeAccessIsExplained() {
    assertThat(LoadFailure.explain(new IllegalCallerException("Illegal native access from: X")))
        .contains("--enable-native-access=ALL-UNNAMED");
  }

  @Test
  void aFolderThatForbidsExecutionIsExplained() {
    assertThat(
            LoadFailure.explain(
                new UnsatisfiedLinkError("/x/lib.so: failed to map segment from shared object")))
        .contains("noexec");
  }

  @Test
  void aFullDiskIsExplained() {
    assertThat(LoadFailure.explain(new IOException("/x: No space left on device")))
        .contains("free some space");
  }

  @Test
  void anExceptionWithoutTextIsNamedByItsKind() {
    assertThat(LoadFailure.explain(new IllegalStateException())).isEqualTo("IllegalStateException");
  }

  @Test
  void nothingIsGuessedOfAnUnknownFailure() {
    assertThat(LoadFailure.explain(new UnsatisfiedLinkError("GLIBC_2.99 not found")))
        .isEqualTo("UnsatisfiedLinkError: GLIBC_2.99 not found");
  }
}

package dev.mneme.store.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes named pipes, which keep whoever opens them waiting for somebody to write. */
public final class NamedPipe {

  private NamedPipe() {}

  /**
   * Makes one, in the place of a file if there is one; the test is skipped where there are none.
   */
  public static void make(Path file) throws IOException {
    Files.deleteIfExists(file);
    try {
      assumeTrue(new ProcessBuilder("mkfifo", file.toString()).start().waitFor() == 0);
    } catch (IOException e) {
      assumeTrue(false, "there are no named pipes here: " + e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}

package dev.mneme.store.natives;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The account that this process runs as. */
final class ProcessUser {

  private static final Path PROCESS = Path.of("/proc/self");

  private ProcessUser() {}

  /** Its number; empty where the system has no such numbers or does not tell. */
  static Optional<Integer> id() {
    try {
      if (Files.isDirectory(PROCESS)) {
        return Optional.of((Integer) Files.getAttribute(PROCESS, "unix:uid"));
      }
      Path file = Files.createTempFile("mneme-owner-", null);
      try {
        return Optional.of((Integer) Files.getAttribute(file, "unix:uid"));
      } finally {
        Files.delete(file);
      }
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}

package dev.mneme.store;

import java.nio.file.Path;
import java.util.Map;

/** Where Mneme keeps files between runs. */
public final class MnemeHome {

  private MnemeHome() {}

  /** The folder that the environment variable MNEME_HOME names, or else {@code ~/.mneme}. */
  public static Path folder() {
    return folder(System.getenv(), System.getProperty("user.home"));
  }

  static Path folder(Map<String, String> environment, String userHome) {
    String named = environment.getOrDefault("MNEME_HOME", "");
    return named.isBlank() ? Path.of(userHome, ".mneme") : Path.of(named);
  }
}

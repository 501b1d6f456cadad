package dev.mneme.store;

import java.nio.file.Path;
import java.util.Map;

/** Where Mneme keeps files between runs. */
public final class MnemeHome {

  /**
   * Stands for the home folder of an account without one. Nothing is there and nothing can be made
   * there, not even by root, so what needs to write fails with its own message, and all else goes
   * on.
   */
  private static final Path NOWHERE = Path.of("/proc/no-home-folder-of-this-account");

  private MnemeHome() {}

  /**
   * The folder that the environment variable MNEME_HOME names, or else {@code ~/.mneme}. It need
   * not exist. Where the account has no home folder, as a user id that the system does not know, it
   * is one that cannot be made.
   */
  public static Path folder() {
    return folder(System.getenv(), System.getProperty("user.home", ""));
  }

  static Path folder(Map<String, String> environment, String userHome) {
    String named = environment.getOrDefault("MNEME_HOME", "");
    if (!named.isBlank()) {
      return Path.of(named);
    }
    // Java says "?" for what it does not know; a folder of that name must not appear.
    boolean known = !userHome.isBlank() && Path.of(userHome).isAbsolute();
    return (known ? Path.of(userHome) : NOWHERE).resolve(".mneme");
  }
}

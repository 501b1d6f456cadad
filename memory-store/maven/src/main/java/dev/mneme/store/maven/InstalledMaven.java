package dev.mneme.store.maven;

import com.google.common.base.Splitter;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The Maven that the user calls, whose folder has the settings of the whole machine. */
final class InstalledMaven {

  private static final List<String> COMMANDS = List.of("mvn", "mvn.cmd");

  private InstalledMaven() {}

  /**
   * Its folder, by the {@code mvn} that a shell would start.
   *
   * @param path folders, separated as in {@code $PATH}
   */
  static Optional<Path> find(String path) {
    for (String folder : Splitter.on(File.pathSeparatorChar).omitEmptyStrings().split(path)) {
      for (String command : COMMANDS) {
        Optional<Path> home = homeOf(folder, command);
        if (home.isPresent()) {
          return home;
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<Path> homeOf(String folder, String command) {
    try {
      // Often a link: the folder is the one that bin/mvn is in.
      Path bin = Path.of(folder, command).toRealPath().getParent();
      return Optional.ofNullable(bin)
          .map(Path::getParent)
          .filter(home -> Files.exists(home.resolve("conf").resolve("settings.xml")));
    } catch (IOException | InvalidPathException e) {
      return Optional.empty(); // no such file, as in most folders
    }
  }
}

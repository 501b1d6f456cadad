package dev.mneme.trainer.recipe;

import java.nio.file.Path;

/**
 * A corpus file as a recipe names it: relative to the data folder, with {@code /} between folders.
 *
 * @param path never absolute and never above the folder
 */
public record DataFile(String path) {

  public DataFile {
    requireInside(path, "the data folder");
  }

  /** Where it lies. */
  Path in(Path data) {
    return data.resolve(path);
  }

  static void requireInside(String path, String folder) {
    if (path.isBlank()
        || Path.of(path).isAbsolute()
        || path.contains("\\")
        || path.matches("[A-Za-z]:.*")
        || Path.of(path).normalize().startsWith("..")) {
      throw new IllegalArgumentException(
          "expected a path inside %s, relative to it, with '/' between folders; a recipe names no place of one machine"
              .formatted(folder));
    }
  }
}

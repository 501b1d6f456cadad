package dev.mneme.trainer.recipe;

import java.nio.file.Path;

/**
 * What another recipe made: a folder relative to the work folder, usually that recipe's name.
 *
 * @param path never absolute and never above the folder
 */
public record MadeFolder(String path) {

  public MadeFolder {
    DataFile.requireInside(path, "the work folder");
  }

  /** Where it lies. */
  Path in(Path work) {
    return work.resolve(path);
  }
}

package dev.mneme.store.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A file on its way: it is written as {@code NAME.OWNER.part} beside its target and takes the
 * target's place when it is whole. Closing it removes what did not get that far, and the next one
 * for the same target removes what a killed process left. Used by one thread.
 */
public final class UnfinishedFile implements AutoCloseable {

  /** The end of the name of every unfinished file. */
  public static final String SUFFIX = ".part";

  private final Path target;
  private final Path path;

  private UnfinishedFile(Path target, Path path) {
    this.target = target;
    this.path = path;
  }

  /** A new one for a target, which may exist; creates no file. */
  public static UnfinishedFile of(Path target) {
    LeftFiles.removeOf(target);
    String name = "%s.%s%s".formatted(target.getFileName(), Owner.newShortName(), SUFFIX);
    return new UnfinishedFile(target, target.resolveSibling(name));
  }

  /** Where to write; no file of that name exists before. */
  public Path path() {
    return path;
  }

  /** Gives the file the target's name in one step, replacing what has it. */
  public void complete() throws IOException {
    Files.move(path, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void close() {
    LeftFiles.delete(path);
  }
}

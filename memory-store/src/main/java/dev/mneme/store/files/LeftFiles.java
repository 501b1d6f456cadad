package dev.mneme.store.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Removes unfinished files that processes left when they were killed. The files of a process that
 * still runs stay, and so does what can be continued: {@code NAME.part} with its {@code NAME.mark}.
 * What cannot be read or removed is left to the next call.
 */
public final class LeftFiles {

  private static final Pattern OWNED =
      Pattern.compile(".*\\.(?<owner>" + Owner.FORM + ")\\.part", Pattern.DOTALL);

  /** The name that earlier versions gave, with the number of the process only. */
  private static final Pattern NUMBERED =
      Pattern.compile(".*\\.(?<number>\\d{1,18})\\.part", Pattern.DOTALL);

  /** What earlier versions appended to a hidden file's name. */
  private static final Pattern RANDOM =
      Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  private LeftFiles() {}

  /** Removes what was to become one file. */
  public static void removeOf(Path target) {
    String name = String.valueOf(target.getFileName());
    String hidden = ".%s.".formatted(name);
    for (Path file : files(target.toAbsolutePath().resolveSibling("."), 1)) {
      String found = String.valueOf(file.getFileName());
      boolean ofTarget =
          found.startsWith(name + ".")
              && found.substring(name.length() + 1).matches("[0-9a-f-]+\\.part")
              && isLeft(file);
      boolean ofEarlierVersion =
          found.startsWith(hidden) && RANDOM.matcher(found.substring(hidden.length())).matches();
      if (ofTarget || ofEarlierVersion) {
        delete(file);
      }
    }
  }

  /** Removes unfinished files whose names tell the process, in a folder but not below it. */
  public static void removeOwned(Path folder) {
    for (Path file : files(folder, 1)) {
      String name = String.valueOf(file.getFileName());
      boolean owned = OWNED.matcher(name).matches() || NUMBERED.matcher(name).matches();
      if (owned && isLeft(file)) {
        delete(file);
      }
    }
  }

  /**
   * Removes every unfinished file in a folder and below it, also those whose names tell no process.
   *
   * @param folder where nobody else keeps files; may be missing
   * @param depth of the folders looked at, 1 for this one only
   * @param names of its files and folders that are looked at
   * @return whether there was one
   */
  public static boolean removeAll(Path folder, int depth, Predicate<String> names) {
    boolean removed = false;
    for (Path file : files(folder, depth)) {
      String first = String.valueOf(folder.relativize(file).getName(0));
      if (names.test(first) && isLeft(file)) {
        removed |= delete(file);
      }
    }
    return removed;
  }

  private static boolean isLeft(Path file) {
    String name = String.valueOf(file.getFileName());
    if (!name.endsWith(UnfinishedFile.SUFFIX)) {
      return false;
    }
    Matcher owned = OWNED.matcher(name);
    if (owned.matches()) {
      return Owner.hasEnded(owned.group("owner"));
    }
    Matcher numbered = NUMBERED.matcher(name);
    if (numbered.matches()) {
      return !mayBeWriting(Long.parseLong(numbered.group("number")), file);
    }
    String stem = name.substring(0, name.length() - UnfinishedFile.SUFFIX.length());
    return !Files.exists(file.resolveSibling(stem + ".mark"));
  }

  /** The number may be another process's by now: a writer began before and is a Java process. */
  private static boolean mayBeWriting(long number, Path file) {
    ProcessHandle self = ProcessHandle.current();
    Optional<ProcessHandle> process = ProcessHandle.of(number).filter(other -> !other.equals(self));
    return process.isPresent()
        && program(process.get()).isPresent()
        && program(process.get()).equals(program(self))
        && !process.get().info().startInstant().orElse(Instant.MIN).isAfter(modified(file));
  }

  private static Optional<String> program(ProcessHandle process) {
    return process.info().command().map(path -> String.valueOf(Path.of(path).getFileName()));
  }

  private static Instant modified(Path file) {
    try {
      return Files.getLastModifiedTime(file).toInstant();
    } catch (IOException e) {
      return Instant.MAX;
    }
  }

  private static List<Path> files(Path folder, int depth) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> walk = Files.walk(folder, depth)) {
      return walk.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)).toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of(); // whoever writes there next says what is wrong
    }
  }

  static boolean delete(Path file) {
    try {
      return Files.deleteIfExists(file);
    } catch (IOException e) {
      return false; // only space is lost
    }
  }
}

package dev.mneme.store.natives;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The file systems of a Linux process and whether they forbid execution.
 *
 * @param mounts in the order in which they were mounted
 */
record MountTable(List<Mount> mounts) {

  /** A mounted file system. */
  record Mount(Path place, boolean forbidsExecution) {}

  private static final Path TABLE = Path.of("/proc/self/mountinfo");
  private static final int PLACE = 4;
  private static final int OPTIONS = 5;

  /** Blanks and backslashes in a place are written as octal numbers. */
  private static final Pattern ESCAPED = Pattern.compile("\\\\([0-7]{3})");

  /** That of this process; empty where the system has no such table. */
  static MountTable ofThisProcess() {
    try {
      return parse(Files.readAllLines(TABLE, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return new MountTable(List.of());
    }
  }

  /** Reads lines of {@code /proc/self/mountinfo}; leaves out what cannot be read. */
  static MountTable parse(List<String> lines) {
    var mounts = new ArrayList<Mount>();
    for (String line : lines) {
      String[] fields = line.split(" ", -1);
      if (fields.length > OPTIONS) {
        String bytes =
            ESCAPED
                .matcher(fields[PLACE])
                .replaceAll(
                    found ->
                        Matcher.quoteReplacement(
                            String.valueOf((char) Integer.parseInt(found.group(1), 8))));
        String place =
            new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        boolean noexec = Arrays.asList(fields[OPTIONS].split(",", -1)).contains("noexec");
        path(place).ifPresent(path -> mounts.add(new Mount(path, noexec)));
      }
    }
    return new MountTable(List.copyOf(mounts));
  }

  /** Empty for a place that this process's locale cannot name. */
  private static Optional<Path> path(String place) {
    try {
      return Optional.of(Path.of(place));
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** Why the system would load no code from a path, which need not exist yet; empty if it would. */
  Optional<String> objection(Path path) {
    Path real = realPath(path);
    Optional<Mount> over = Optional.empty();
    for (Mount mount : mounts) {
      boolean covers = real.startsWith(mount.place());
      // The later of two mounts at one place hides the earlier.
      if (covers
          && over.map(o -> mount.place().getNameCount() >= o.place().getNameCount()).orElse(true)) {
        over = Optional.of(mount);
      }
    }
    return over.filter(Mount::forbidsExecution)
        .map(
            mount ->
                "%s is on a file system that forbids execution (%s is mounted noexec)"
                    .formatted(path, mount.place()));
  }

  /** The path without links, of as much of it as exists. */
  private static Path realPath(Path path) {
    Path known = path;
    while (known.getParent() != null && !Files.exists(known)) {
      known = known.getParent();
    }
    try {
      return known.toRealPath().resolve(known.relativize(path)).normalize();
    } catch (IOException e) {
      return path;
    }
  }
}

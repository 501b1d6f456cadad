package dev.mneme.store;

import com.google.common.base.Splitter;
import com.google.common.primitives.Longs;
import dev.mneme.store.PackManifest.Entry;
import dev.mneme.store.files.UnfinishedFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Digests of files that were read to their end before, so that a pack of a gigabyte is not read
 * again each time it is attached.
 *
 * <p>A file is taken to be the one that was read if its size, its number in the file system, the
 * time of its last change and that of the last change of these (which no program sets at will) are
 * what they were, as Git does. While it is read, no folder above it may be changed either: one that
 * is renamed and put back could show another file under the same path for a moment. A file that
 * changed in the last two seconds before it was read is read again next time, for clocks of file
 * systems are coarse. Where a file system does not say all that, as on Windows, every file is read
 * each time.
 *
 * <p>One small file for each path in a cache folder, which anyone may delete at any time. Safe for
 * several threads and processes.
 */
final class KnownDigests {
  private static final Logger log = LoggerFactory.getLogger(KnownDigests.class);

  private static final String ATTRIBUTES = "unix:size,ino,dev,lastModifiedTime,ctime";
  private static final Duration COARSE = Duration.ofSeconds(2);
  private static final int NUMBERS = 6;
  private static final String FOLDER_ATTRIBUTES = "unix:ino,dev,ctime,mode";
  private static final int STICKY = 01000;

  private final Path folder;
  private final Duration coarse;

  /**
   * Digests kept in a folder.
   *
   * @param coarse how far a file system's clock may be behind
   */
  KnownDigests(Path folder, Duration coarse) {
    this.folder = folder;
    this.coarse = coarse;
  }

  /** In the cache of {@link MnemeHome}. */
  static KnownDigests standard() {
    return new KnownDigests(CacheFolder.standard().resolve("digests"), COARSE);
  }

  /**
   * What a file was when it was read.
   *
   * @param changed nanoseconds since 1970 of the last change of content
   * @param touched the same of the last change of anything about it
   */
  private record Stamp(long size, long number, long device, long changed, long touched) {

    /** Reads it; nothing where the file system does not have all of it. */
    static Optional<Stamp> of(Path file) throws IOException {
      Map<String, Object> found;
      try {
        found = Files.readAttributes(file, ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
      } catch (UnsupportedOperationException | IllegalArgumentException e) {
        return Optional.empty();
      }
      return found.get("size") instanceof Long size
              && found.get("ino") instanceof Long number
              && found.get("dev") instanceof Long device
              && found.get("lastModifiedTime") instanceof FileTime changed
              && found.get("ctime") instanceof FileTime touched
          ? Optional.of(
              new Stamp(
                  size,
                  number,
                  device,
                  changed.to(TimeUnit.NANOSECONDS),
                  touched.to(TimeUnit.NANOSECONDS)))
          : Optional.empty();
    }

    String text() {
      return "%d %d %d %d %d".formatted(size, number, device, changed, touched);
    }

    boolean isOlderThan(Instant limit) {
      long nanos = TimeUnit.SECONDS.toNanos(limit.getEpochSecond()) + limit.getNano();
      return Math.max(changed, touched) < nanos;
    }
  }

  /**
   * The folders above a file as they are now. Not those in which only a file's owner may rename it,
   * as /tmp, for these change all the time.
   */
  private static List<Map<String, Object>> folders(Path real) throws IOException {
    var found = new ArrayList<Map<String, Object>>();
    for (Path folder = real.getParent(); folder != null; folder = folder.getParent()) {
      Map<String, Object> attributes = Files.readAttributes(folder, FOLDER_ATTRIBUTES);
      if (!(attributes.get("mode") instanceof Integer mode) || (mode & STICKY) == 0) {
        found.add(attributes);
      }
    }
    return found;
  }

  /** Size and digest of a file, which is read to its end unless it is known. */
  Entry describe(Path file) {
    try {
      Path real = file.toRealPath(); // what a link leads to can change while the link does not
      Optional<Stamp> before = Stamp.of(real);
      if (before.isEmpty()) {
        return PackFiles.describe(file);
      }
      Path note =
          folder.resolve(PackFiles.sha256(real.toString().getBytes(StandardCharsets.UTF_8)));
      Optional<String> known = read(note, real, before.get());
      if (known.isPresent()) {
        return new Entry(String.valueOf(file.getFileName()), before.get().size(), known.get());
      }
      List<Map<String, Object>> folders = folders(real);
      Instant began = Instant.now();
      Entry read = PackFiles.describe(file);
      if (file.toRealPath().equals(real)
          && Stamp.of(real).equals(before)
          && folders(real).equals(folders)
          && before.get().isOlderThan(began.minus(coarse))) {
        write(note, real, before.get(), read.sha256());
      }
      return read;
    } catch (IOException e) {
      log.debug("no digest of {} is kept", file, e);
      return PackFiles.describe(file);
    }
  }

  private static Optional<String> read(Path note, Path real, Stamp now) throws IOException {
    if (!Files.exists(note)) {
      return Optional.empty();
    }
    List<String> lines = Files.readAllLines(note);
    if (lines.size() != 2 || !lines.getFirst().equals(real.toString())) {
      return Optional.empty();
    }
    List<String> parts = Splitter.on(' ').splitToList(lines.getLast());
    boolean whole =
        parts.size() == NUMBERS
            && parts.subList(0, NUMBERS - 1).stream().allMatch(n -> Longs.tryParse(n) != null)
            && PackManifest.SHA256.matcher(parts.getLast()).matches();
    String stamp = String.join(" ", parts.subList(0, parts.size() - 1));
    return whole && stamp.equals(now.text()) ? Optional.of(parts.getLast()) : Optional.empty();
  }

  private void write(Path note, Path real, Stamp stamp, String sha256) {
    try {
      Files.createDirectories(folder);
      removeStale();
      CacheFolder.removeUnfinished(folder);
      try (UnfinishedFile unfinished = UnfinishedFile.of(note)) {
        Files.writeString(unfinished.path(), "%s\n%s %s\n".formatted(real, stamp.text(), sha256));
        unfinished.complete();
      }
    } catch (IOException e) {
      log.debug("the digest of {} cannot be kept", real, e);
    }
  }

  /** Forgets files that are no longer there. */
  private void removeStale() throws IOException {
    List<Path> notes;
    try (Stream<Path> list = Files.list(folder)) {
      notes = list.toList();
    }
    for (Path note : notes) {
      String name = String.valueOf(note.getFileName());
      boolean unfinished = name.startsWith(".") || name.endsWith(UnfinishedFile.SUFFIX);
      if (!unfinished && Files.exists(note) && !isOfAFile(Files.readAllLines(note))) {
        Files.deleteIfExists(note);
      }
    }
  }

  private static boolean isOfAFile(List<String> lines) {
    try {
      return lines.size() == 2 && Files.exists(Path.of(lines.getFirst()));
    } catch (InvalidPathException e) {
      return false;
    }
  }
}

package dev.mneme.store.packs;

import com.google.common.hash.Hashing;
import com.google.common.hash.HashingInputStream;
import dev.mneme.FailureText;
import dev.mneme.PackIntegrityException;
import dev.mneme.store.PackManifest;
import dev.mneme.store.files.Problems;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** A pack on its way from a source to its place in a store, in a folder that nobody else knows. */
final class PackMaking {

  private static final int BUFFER_BYTES = 1 << 20;

  private final PackSource source;
  private final Path folder;
  private final Runnable step;

  /**
   * Nothing made yet.
   *
   * @param folder to make; on the store's file system
   * @param step run before each change on disk
   */
  PackMaking(PackSource source, Path folder, Runnable step) {
    this.source = source;
    this.folder = folder;
    this.step = step;
  }

  Path folder() {
    return folder;
  }

  /**
   * Copies everything, checking it on the way.
   *
   * @throws PackIntegrityException naming every file that is not the one the manifest lists
   */
  void copy() throws IOException {
    Files.createDirectory(folder);
    requireSpace();
    var problems = new ArrayList<String>();
    for (PackManifest.Entry file : source.manifest().files()) {
      step.run();
      InputStream in;
      try {
        in = source.open(file);
      } catch (FileSystemException e) {
        problems.add("\"%s\" cannot be read: %s".formatted(file.name(), FailureText.of(e)));
        continue;
      }
      copy(file, in).ifPresent(problems::add);
    }
    if (!problems.isEmpty()) {
      throw new PackIntegrityException(
          "%s is not the pack its %s describes; get it again: %s"
              .formatted(source.origin(), PackManifest.FILE, Problems.join(problems)));
    }
    step.run();
    Files.write(folder.resolve(PackManifest.FILE), source.manifestBytes());
    Optional<byte[]> signature = source.signature();
    if (signature.isPresent()) {
      Files.write(folder.resolve(PackSignature.FILE), signature.get());
    }
  }

  /** A manifest can say anything; what it says should at least fit on the disk. */
  private void requireSpace() {
    List<PackManifest.Entry> files = source.manifest().files();
    long total = files.stream().mapToLong(PackManifest.Entry::bytes).sum(); // cannot overflow
    files.stream()
        .max(Comparator.comparingLong(PackManifest.Entry::bytes))
        .ifPresent(
            largest ->
                FreeSpace.require(
                    folder,
                    total,
                    "the pack %s, of which %s takes %d,"
                        .formatted(source.manifest().name(), largest.name(), largest.bytes())));
  }

  /** What is wrong with a file, if anything. */
  private Optional<String> copy(PackManifest.Entry file, InputStream in) throws IOException {
    try (in;
        var hashing = new HashingInputStream(Hashing.sha256(), in)) {
      long bytes = copyAtMost(hashing, folder.resolve(file.name()), file.bytes());
      String found = hashing.hash().toString();
      if (bytes != file.bytes()) {
        String many = bytes > file.bytes() ? "more" : Long.toString(bytes);
        return Optional.of(
            "\"%s\" has %s bytes, expected %d".formatted(file.name(), many, file.bytes()));
      }
      return found.equals(file.sha256())
          ? Optional.empty()
          : Optional.of(
              "\"%s\" has SHA-256 %s, expected %s".formatted(file.name(), found, file.sha256()));
    }
  }

  /** Copies, but stops behind the first byte too many: a source may never end. */
  private static long copyAtMost(InputStream in, Path to, long most) throws IOException {
    try (var out = Files.newOutputStream(to)) {
      byte[] buffer = new byte[BUFFER_BYTES];
      long total = 0;
      while (total < most) {
        int count = in.read(buffer, 0, (int) Math.min(buffer.length, most - total));
        if (count < 0) {
          return total;
        }
        out.write(buffer, 0, count);
        total += count;
      }
      return in.read() < 0 ? total : Math.addExact(total, 1);
    }
  }

  /** Makes every file a link to the one of the same content, which may be there already. */
  void share(Path blobs) throws IOException {
    for (PackManifest.Entry file : source.manifest().files()) {
      step.run();
      share(folder.resolve(file.name()), blobs.resolve(file.sha256()));
    }
  }

  private void share(Path file, Path blob) throws IOException {
    Path link = folder.resolveSibling("link");
    try {
      if (!Files.exists(blob)) {
        Files.createLink(blob, file);
      } else if (Files.mismatch(blob, file) < 0) {
        Files.createLink(link, blob);
        Files.move(link, file, StandardCopyOption.REPLACE_EXISTING);
      } else {
        Files.createLink(link, file);
        Files.move(link, blob, StandardCopyOption.ATOMIC_MOVE); // what was there was damaged
      }
    } catch (UnsupportedOperationException | FileSystemException e) {
      // No links here, or no more of them, or another process made or collected this one: the
      // pack keeps its own copy.
    }
  }

  /** Gives the folder its place, unless another process was faster with the same content. */
  void complete(Path place) throws IOException {
    step.run();
    try {
      Files.move(folder, place, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      if (!Files.exists(place)) {
        throw e;
      }
    }
  }
}

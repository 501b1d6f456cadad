package dev.mneme.store.packs;

import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.store.PackManifest;
import dev.mneme.store.files.RegularFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/** A pack in a folder. */
public final class PackFolder implements PackSource {

  private final Path folder;
  private final byte[] manifestBytes;
  private final PackManifest manifest;

  private PackFolder(Path folder, byte[] manifestBytes) {
    this.folder = folder;
    this.manifestBytes = manifestBytes;
    manifest = PackManifest.parse(folder.resolve(PackManifest.FILE).toString(), manifestBytes);
  }

  /**
   * Opens a folder and reads its manifest.
   *
   * @throws dev.mneme.MalformedFileException if the manifest breaks its schema; names the field
   * @throws MnemeException if there is none, or none that is a regular file
   */
  public static PackFolder open(Path folder) {
    Path file = folder.resolve(PackManifest.FILE);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new MnemeException(
          "%s has no %s; make a pack of a model's folder with `mneme import`"
              .formatted(folder, PackManifest.FILE));
    }
    return new PackFolder(folder, read(file, PackManifest.MOST_BYTES));
  }

  private static byte[] read(Path file, long most) {
    try (InputStream in = openRegular(file)) {
      return RegularFiles.read(file.toString(), in, Files.size(file), most);
    } catch (IOException e) {
      throw new MnemeException("cannot read %s: %s".formatted(file, FailureText.of(e)), e);
    }
  }

  /** Whoever opens a pipe waits, maybe for ever, and a link may lead out of the pack. */
  private static InputStream openRegular(Path file) throws IOException {
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
        && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileSystemException(file.toString(), null, "it is no regular file");
    }
    return Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
  }

  @Override
  public String origin() {
    return folder.toAbsolutePath().normalize().toString();
  }

  @Override
  public byte[] manifestBytes() {
    return manifestBytes.clone();
  }

  @Override
  public PackManifest manifest() {
    return manifest;
  }

  @Override
  public Optional<byte[]> signature() {
    return signatureIn(folder);
  }

  /**
   * The bytes of {@code pack.sig} in a folder, where it has one.
   *
   * @throws MnemeException if it is no regular file or cannot be read
   */
  public static Optional<byte[]> signatureIn(Path folder) {
    Path file = folder.resolve(PackSignature.FILE);
    return Files.exists(file, LinkOption.NOFOLLOW_LINKS)
        ? Optional.of(read(file, PackArchive.LARGEST_SIGNATURE))
        : Optional.empty();
  }

  @Override
  public InputStream open(PackManifest.Entry file) throws IOException {
    return openRegular(folder.resolve(file.name()));
  }

  @Override
  public void close() {
    // Nothing is kept open.
  }
}

package dev.mneme.store.packs;

import dev.mneme.MnemeException;
import dev.mneme.store.PackManifest;
import java.io.IOException;
import java.io.InputStream;
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
   * @throws MnemeException if there is none
   */
  public static PackFolder open(Path folder) {
    Path file = folder.resolve(PackManifest.FILE);
    if (!Files.isRegularFile(file)) {
      throw new MnemeException(
          "%s has no %s; make a pack of a model's folder with `mneme import`"
              .formatted(folder, PackManifest.FILE));
    }
    return new PackFolder(folder, read(file));
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new MnemeException("cannot read %s: %s".formatted(file, e), e);
    }
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
    Path file = folder.resolve(PackSignature.FILE);
    return Files.exists(file) ? Optional.of(read(file)) : Optional.empty();
  }

  @Override
  public InputStream open(PackManifest.Entry file) throws IOException {
    return Files.newInputStream(folder.resolve(file.name()), LinkOption.NOFOLLOW_LINKS);
  }

  @Override
  public void close() {
    // Nothing is kept open.
  }
}

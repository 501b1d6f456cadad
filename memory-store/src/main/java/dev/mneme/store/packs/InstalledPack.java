package dev.mneme.store.packs;

import dev.mneme.store.PackManifest;
import dev.mneme.store.PackVersion;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * A pack that a {@link MemoryStore} has under its name.
 *
 * @param digest {@code sha256:} and 64 hex digits, of its manifest
 * @param directory where its files are, only to be read
 * @param origin where it came from
 * @param installed when
 * @param signer who vouched for it then, where signatures were looked at
 */
public record InstalledPack(
    PackManifest manifest,
    String digest,
    Path directory,
    String origin,
    Instant installed,
    Optional<String> signer) {

  public String name() {
    return manifest.name();
  }

  public PackVersion version() {
    return manifest.version();
  }

  /** Bytes of its files. */
  public long bytes() {
    return manifest.files().stream().mapToLong(PackManifest.Entry::bytes).sum();
  }
}

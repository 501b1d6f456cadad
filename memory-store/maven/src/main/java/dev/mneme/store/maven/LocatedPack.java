package dev.mneme.store.maven;

import dev.mneme.store.PackManifest;
import dev.mneme.store.packs.PackSource;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * A pack that came from elsewhere, by the name it has there rather than that of the file here.
 *
 * @param content closed with this
 */
record LocatedPack(String origin, PackSource content) implements PackSource {

  @Override
  public byte[] manifestBytes() {
    return content.manifestBytes();
  }

  @Override
  public PackManifest manifest() {
    return content.manifest();
  }

  @Override
  public Optional<byte[]> signature() {
    return content.signature();
  }

  @Override
  public InputStream open(PackManifest.Entry file) throws IOException {
    return content.open(file);
  }

  @Override
  public void close() {
    content.close();
  }
}

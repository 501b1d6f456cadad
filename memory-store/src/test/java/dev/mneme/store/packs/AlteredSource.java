package dev.mneme.store.packs;

import com.google.common.io.ByteSource;
import dev.mneme.store.PackManifest;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** A pack of which one file is not what its manifest says. */
record AlteredSource(PackSource of, String file, ByteSource instead) implements PackSource {

  @Override
  public String origin() {
    return of.origin();
  }

  @Override
  public byte[] manifestBytes() {
    return of.manifestBytes();
  }

  @Override
  public PackManifest manifest() {
    return of.manifest();
  }

  @Override
  public Optional<byte[]> signature() {
    return of.signature();
  }

  @Override
  public InputStream open(PackManifest.Entry wanted) throws IOException {
    return wanted.name().equals(file) ? instead.openStream() : of.open(wanted);
  }

  @Override
  public void close() {
    of.close();
  }
}

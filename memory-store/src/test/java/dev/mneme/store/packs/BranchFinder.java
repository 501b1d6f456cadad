package dev.mneme.store.packs;

import dev.mneme.store.PackManifest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Finds packs in folders by {@code branch:FOLDER}, which it says always to mean {@code
 * pinned:FOLDER}.
 */
public final class BranchFinder implements PackFinder {

  @Override
  public String scheme() {
    return "branch";
  }

  @Override
  public String syntax() {
    return "branch:FOLDER";
  }

  @Override
  public PackSource find(String name, FetchListener listener) {
    return new Pinned(PackFolder.open(Path.of(name)), name);
  }

  private record Pinned(PackFolder folder, String name) implements PackSource {

    @Override
    public String origin() {
      return "pinned:" + name;
    }

    @Override
    public byte[] manifestBytes() {
      return folder.manifestBytes();
    }

    @Override
    public PackManifest manifest() {
      return folder.manifest();
    }

    @Override
    public Optional<byte[]> signature() {
      return folder.signature();
    }

    @Override
    public InputStream open(PackManifest.Entry file) throws IOException {
      return folder.open(file);
    }

    @Override
    public void close() {
      folder.close();
    }
  }
}

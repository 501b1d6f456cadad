package dev.mneme.store.packs;

import dev.mneme.store.PackManifest;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * A pack where it comes from: its manifest and its files as streams. Promises nothing about their
 * content, which whoever reads them checks against the manifest. Used by one thread; whoever opened
 * it closes it.
 */
public interface PackSource extends AutoCloseable {

  /** Where it comes from, for messages and for the record. */
  String origin();

  /** The bytes of {@code pack.json}, of which the pack's digest is taken. */
  byte[] manifestBytes();

  /** What those bytes say. */
  PackManifest manifest();

  /** The bytes of {@code pack.sig}, where the pack has one. */
  Optional<byte[]> signature();

  /**
   * A file of the pack from its beginning; the caller closes it.
   *
   * @throws IOException if it is not there or cannot be read
   */
  InputStream open(PackManifest.Entry file) throws IOException;

  @Override
  void close();
}

package dev.mneme.store.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A file as a hub lists it.
 *
 * @param name with folders, where it is in one
 * @param bytes its size
 * @param digest of its content
 */
record HubFile(String name, long bytes, Digest digest) {

  /** A digest as a hub has it. */
  sealed interface Digest {

    /** Lower-case hex digits. */
    String hex();

    /** SHA-256 of the content: of files in large-file storage. */
    record Sha256(String hex) implements Digest {}

    /**
     * The identifier of a Git object (SHA-1 of {@code "blob SIZE\0"} and the content; Git
     * Internals, section 10.2): of all other files.
     */
    record GitBlob(String hex) implements Digest {}
  }

  private static final int BUFFER_BYTES = 1 << 20;

  /** The digest of a file's content, of the kind this one has. */
  String digestOf(Path file) throws IOException {
    MessageDigest sum =
        switch (digest) {
          case Digest.Sha256 _ -> algorithm("SHA-256");
          case Digest.GitBlob _ -> algorithm("SHA-1");
        };
    if (digest instanceof Digest.GitBlob) {
      sum.update("blob %d\0".formatted(Files.size(file)).getBytes(StandardCharsets.US_ASCII));
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        sum.update(buffer, 0, count);
      }
    }
    return HexFormat.of().formatHex(sum.digest());
  }

  private static MessageDigest algorithm(String name) {
    try {
      return MessageDigest.getInstance(name);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has " + name, e);
    }
  }
}

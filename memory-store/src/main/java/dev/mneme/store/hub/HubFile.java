package dev.mneme.store.hub;

import com.google.common.hash.Hashing;
import com.google.common.io.ByteSource;
import com.google.common.io.MoreFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

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

  /** The digest of a file's content, of the kind this one has. */
  @SuppressWarnings("deprecation") // Git's objects are named by SHA-1
  String digestOf(Path file) throws IOException {
    ByteSource content = MoreFiles.asByteSource(file);
    return switch (digest) {
      case Digest.Sha256 _ -> content.hash(Hashing.sha256()).toString();
      case Digest.GitBlob _ -> {
        String header = "blob %d\0".formatted(Files.size(file));
        ByteSource object =
            ByteSource.concat(ByteSource.wrap(header.getBytes(StandardCharsets.US_ASCII)), content);
        yield object.hash(Hashing.sha1()).toString();
      }
    };
  }
}

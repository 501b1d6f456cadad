package dev.mneme.trainer.recipe;

import com.google.common.hash.Hashing;
import com.google.common.io.MoreFiles;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.file.Path;

/** SHA-256 of files. */
final class Digests {

  private Digests() {}

  /** In hexadecimal. */
  static String sha256(Path file) {
    try {
      return MoreFiles.asByteSource(file).hash(Hashing.sha256()).toString();
    } catch (IOException e) {
      throw new MnemeException("cannot read %s: %s".formatted(file, e), e);
    }
  }
}

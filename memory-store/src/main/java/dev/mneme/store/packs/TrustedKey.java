package dev.mneme.store.packs;

import com.google.common.base.Splitter;
import dev.mneme.FailureText;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.PrintableText;
import dev.mneme.store.files.RegularFiles;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;

/**
 * A key and whose it is, by the word of the user who keeps it.
 *
 * @param key an Ed25519 public key, X.509 SubjectPublicKeyInfo in base64
 * @param signer who signs with it, as signatures name them
 */
public record TrustedKey(String key, String signer) {

  private static final int LONGEST_SHOWN = 80;

  /**
   * A key.
   *
   * @throws IllegalArgumentException if it is no Ed25519 public key, or one of small order, for
   *     which anybody can sign
   */
  public TrustedKey {
    try {
      PackSignature.publicKey(key);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "expected an Ed25519 public key of full order, X.509 in base64, found %s: %s"
              .formatted(PrintableText.of(key, LONGEST_SHOWN), FailureText.of(e)),
          e);
    }
  }

  /** The file's name in {@code $MNEME_HOME}. */
  public static final String FILE = "trusted-keys";

  /** Thousands of keys. */
  static final long MOST_BYTES = 1L << 20;

  /**
   * Reads a file of keys: one a line, then a blank and the signer; lines that begin with # and
   * empty ones say nothing.
   *
   * @return none if there is no such file
   * @throws MalformedFileException naming the line that is no key
   * @throws MnemeException if the file cannot be read
   */
  public static List<TrustedKey> read(Path file) {
    if (!RegularFiles.exists(file)) {
      return List.of();
    }
    List<String> lines = RegularFiles.readText(file, MOST_BYTES).lines().toList();
    var keys = new ArrayList<TrustedKey>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (!line.isEmpty() && !line.startsWith("#")) {
        keys.add(parse(file, i + 1, line));
      }
    }
    return keys;
  }

  private static TrustedKey parse(Path file, int number, String line) {
    List<String> parts = Splitter.on(' ').limit(2).trimResults().splitToList(line);
    try {
      PackSignature.publicKey(parts.getFirst());
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new MalformedFileException(
          wrong(file, number, "no Ed25519 public key of full order in base64 stands first"), e);
    }
    if (parts.size() < 2 || parts.getLast().isEmpty()) {
      throw new MalformedFileException(wrong(file, number, "no signer follows the key"));
    }
    return new TrustedKey(parts.getFirst(), parts.getLast());
  }

  private static String wrong(Path file, int number, String what) {
    return "%s: line %d: %s; write `KEY SIGNER`".formatted(file, number, what);
  }

  /** This key as a line of the file. */
  public String toLine() {
    return key + " " + signer;
  }
}

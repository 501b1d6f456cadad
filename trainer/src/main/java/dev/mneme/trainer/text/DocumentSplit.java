package dev.mneme.trainer.text;

import com.google.common.base.Preconditions;
import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;

/**
 * A random part of the documents that is the same on every machine: a document belongs to it if the
 * hash of seed and text falls into the chosen share. Neither order nor other documents matter, so a
 * part stays the same when a corpus is filtered or grows, and equal documents fall together.
 *
 * <p>The part has about the wanted share of the documents, not of their characters.
 *
 * @param seed another seed gives another, independent part
 * @param share of all documents, 0 to 1
 * @param complement whether this is all but that part
 */
public record DocumentSplit(long seed, double share, boolean complement) {

  private static final double TWO_TO_64 = 0x1p64;

  public DocumentSplit {
    Preconditions.checkArgument(
        share >= 0 && share <= 1, "the share must lie in [0, 1], not %s", share);
  }

  /** A part of the given share. */
  public static DocumentSplit part(long seed, double share) {
    return new DocumentSplit(seed, share, false);
  }

  /** All documents that this part does not have. */
  public DocumentSplit rest() {
    return new DocumentSplit(seed, share, !complement);
  }

  /** Whether a document belongs to this part. */
  public boolean contains(String text) {
    // The first 8 bytes of SHA-256 over the seed, little-endian, and the text.
    long hash =
        Hashing.sha256()
            .newHasher()
            .putLong(seed)
            .putString(text, StandardCharsets.UTF_8)
            .hash()
            .asLong();
    double unsigned = (hash >>> 1) * 2.0 + (hash & 1);
    return (unsigned < share * TWO_TO_64 || share == 1) != complement;
  }
}

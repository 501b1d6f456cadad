package dev.mneme.trainer;

import java.nio.file.Path;
import java.util.Random;

/** Token files for tests: a language of 40 ids in which most words have one follower. */
final class SmallTokens {

  static final int VOCABULARY = 40;

  private SmallTokens() {}

  static TokenFile write(Path file, int documents, int length, long seed) {
    var random = new Random(seed);
    var header = TokenFileHeader.empty(VOCABULARY, "0".repeat(64), "1".repeat(64));
    try (var writer = TokenFileWriter.open(file, header)) {
      for (int i = 0; i < documents; i++) {
        int[] ids = new int[length];
        for (int j = 1; j < length; j++) {
          ids[j] =
              random.nextInt(5) == 0
                  ? 1 + random.nextInt(VOCABULARY - 1)
                  : 1 + (ids[j - 1] * 7 + 3) % (VOCABULARY - 1);
        }
        writer.add(ids);
      }
      writer.finish();
    }
    return TokenFile.open(file);
  }
}

package dev.mneme;

/**
 * The tokens of a sequence as a memory can read them. A host may have ids beyond the memory's rows,
 * such as the marks that a chat fine-tune added; the memory reads each as the id that ends its own
 * texts, or else the one that begins them, so that positions stay the same in both.
 */
final class ReadableTokens {

  private static final int NONE = -1;

  private final int rows;
  private final int standIn;

  private ReadableTokens(int rows, int standIn) {
    this.rows = rows;
    this.standIn = standIn;
  }

  static ReadableTokens of(MemoryModule memory) {
    Vocabulary vocabulary = memory.vocabulary();
    int standIn =
        vocabulary.endIds().isEmpty()
            ? vocabulary.bos().orElse(NONE)
            : vocabulary.endIds().getFirst();
    return new ReadableTokens(memory.logitWidth(), standIn);
  }

  /**
   * The same number of ids, each with a row in the memory; the array itself if all have one, or if
   * the memory has no id to stand in.
   */
  int[] of(int[] tokens) {
    if (standIn == NONE) {
      return tokens;
    }
    int[] readable = tokens;
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] >= rows) {
        if (readable == tokens) {
          readable = tokens.clone();
        }
        readable[i] = standIn;
      }
    }
    return readable;
  }
}

package dev.mneme.benchmarks.golden;

/** Figures of one kind, which are held to one tolerance. */
enum Group {
  FILES("model files, SHA-256", Kind.EQUAL, 0, 0),
  TOKENS("tokenizer vectors, prompts, decoded texts", Kind.EQUAL, 0, 0),
  STREAMS("streams: counts, lengths, digest of ids", Kind.EQUAL, 0, 0),
  LOGITS("logits and their log-sum-exp", Kind.ABSOLUTE, 1e-4, Group.UNJUDGED),
  ARGMAX("likeliest ids of the fixed sequence", Kind.EQUAL, 0, Group.UNJUDGED),
  LOG_PROBABILITIES("log-probabilities, one model", Kind.ABSOLUTE, 5e-4, Group.UNJUDGED),
  MIXED("log-probabilities, mixtures", Kind.ABSOLUTE, 5e-4, Group.UNJUDGED),
  SCORED("scored ids and bytes", Kind.EQUAL, 0, 0),
  SINGLE("perplexities, one model", Kind.RELATIVE, 1e-5, 1e-3),
  MIXTURE("perplexities, mixtures", Kind.RELATIVE, 1e-5, 1e-3),
  NLL("bits per byte and total nll of these", Kind.RELATIVE, 1e-5, 1e-3),
  GREEDY("greedy continuations", Kind.EQUAL, 0, Group.UNJUDGED),
  MARGIN("smallest lead of the best over the second, ln", Kind.ABSOLUTE, 5e-4, Group.UNJUDGED);

  /** How figures of a group are compared. */
  enum Kind {
    /** 0 for equal, 1 for different. */
    EQUAL,
    /** The distance. */
    ABSOLUTE,
    /** The distance in parts of the reference. */
    RELATIVE
  }

  /** The tolerance of what is reported only. */
  private static final double UNJUDGED = Double.POSITIVE_INFINITY;

  private final String title;
  private final Kind kind;
  private final double float32;
  private final double reduced;

  Group(String title, Kind kind, double float32, double reduced) {
    this.title = title;
    this.kind = kind;
    this.float32 = float32;
    this.reduced = reduced;
  }

  String title() {
    return title;
  }

  Kind kind() {
    return kind;
  }

  /**
   * What a deviation may be.
   *
   * @param exact whether weights and cache are 32 bits; then the tolerances are those the reference
   *     suggests, else 0.1 % of a perplexity and nothing for single numbers
   */
  double tolerance(boolean exact) {
    return exact ? float32 : reduced;
  }
}

package dev.mneme.benchmarks.schema;

import java.util.function.Consumer;

/**
 * One change to a draft.
 *
 * @param kind what sort of change it is, by which results are counted
 * @param what the change in words
 * @param edit makes it; does nothing where an earlier change took its object away
 */
record Change(Kind kind, String what, Consumer<GgufDraft> edit) {

  /** Sorts of changes. */
  enum Kind {
    KEY_VALUE("a key with another value or type"),
    KEY_PLACE("a key absent, doubled or renamed"),
    FOREIGN_KEY("a key that the base file lacks"),
    TENSOR_RANK("a tensor of another rank"),
    TENSOR_TYPE("a tensor of another type"),
    TENSOR_SHAPE("a tensor of another shape"),
    TENSOR_PLACE("a tensor absent, doubled or renamed"),
    FOREIGN_TENSOR("a tensor that the base file lacks"),
    ARCHITECTURE("another architecture over the same tensors"),
    ALIGNMENT("another alignment of the data"),
    PAIR("two changes at once");

    private final String words;

    Kind(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }
  }
}

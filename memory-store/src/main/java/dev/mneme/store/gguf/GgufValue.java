package dev.mneme.store.gguf;

import java.util.List;

/** A metadata value; integers of every width share one record, as do floats. */
public sealed interface GgufValue {

  /** An integer of 8 to 64 bits; an unsigned 64-bit one past 2^63 appears negative. */
  record Whole(long value) implements GgufValue {}

  /** A 32 or 64 bit float. */
  record Real(double value) implements GgufValue {}

  /** A truth value. */
  record Truth(boolean value) implements GgufValue {}

  /** A string; malformed UTF-8 has become U+FFFD. */
  record Text(String value) implements GgufValue {}

  /** An array of values of one kind, never of arrays. */
  record Items(List<GgufValue> values) implements GgufValue {}
}

package dev.mneme;

/** What can hold a limited number of tokens: hosts and memories. */
public interface ContextLimited {

  /** Tokens a session can hold. */
  int contextLength();

  /** Tokens a session could hold at most, however this is opened: those it was trained for. */
  default int longestContext() {
    return contextLength();
  }
}

package dev.mneme.store.packs;

/** Is told how a file comes in; called by the thread that fetches it, and should return at once. */
public interface FetchListener {

  /** Hears nothing. */
  FetchListener NONE = (file, done, all) -> {};

  /**
   * More of a file is here.
   *
   * @param file its name in the pack
   * @param done bytes that are here, those of an earlier attempt too
   * @param all bytes in all; -1 where nobody has said
   */
  void at(String file, long done, long all);
}

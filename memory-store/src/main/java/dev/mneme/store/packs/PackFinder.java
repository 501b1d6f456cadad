package dev.mneme.store.packs;

/**
 * Finds packs in one kind of place that is reached by name, such as a repository over the network.
 * Found by {@link java.util.ServiceLoader}, so a jar on the class path is all it takes to add one.
 *
 * <p>What it gives is checked by whoever installs it: a finder vouches for nothing. Safe for
 * several threads.
 */
public interface PackFinder {

  /** What stands before the colon in references of this kind; two or more lower-case letters. */
  String scheme();

  /**
   * How a name is written, as {@code hf:OWNER/NAME@REVISION}, for messages.
   *
   * @return with the scheme
   */
  String syntax();

  /**
   * Looks a pack up and reads its manifest; files are fetched when they are opened.
   *
   * @param name what follows the scheme and its colon
   * @param listener told while files are fetched
   * @return whose {@link PackSource#origin} is a reference of this scheme that will always mean the
   *     same pack, where there is one; the caller closes it
   * @throws dev.mneme.MnemeException if the name is not one, or nothing of that name can be had;
   *     says what to do
   */
  PackSource find(String name, FetchListener listener);
}

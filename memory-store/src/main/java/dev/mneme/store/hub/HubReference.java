package dev.mneme.store.hub;

import dev.mneme.MnemeException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One revision of a model repository on a hub. A repository's name alone is not enough: what it
 * means can change from one day to the next, and even be taken over by somebody else.
 *
 * @param repository {@code OWNER/NAME}
 * @param revision a commit, a tag or a branch
 */
record HubReference(String repository, String revision) {

  static final String SYNTAX = "hf:OWNER/NAME@REVISION";

  private static final String PART = "[A-Za-z0-9_][A-Za-z0-9._-]{0,95}";
  private static final Pattern REFERENCE =
      Pattern.compile("(%s/%s)@([A-Za-z0-9_][A-Za-z0-9._/-]{0,199})".formatted(PART, PART));
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

  /**
   * Reads {@code OWNER/NAME@REVISION}.
   *
   * @throws MnemeException if it is anything else
   */
  static HubReference parse(String text) {
    Matcher matcher = REFERENCE.matcher(text);
    if (!matcher.matches() || text.contains("..")) {
      throw new MnemeException(
          "hf:%s is no revision of a hub's repository; write %s, where the revision is best a commit"
              .formatted(text, SYNTAX));
    }
    return new HubReference(matcher.group(1), matcher.group(2));
  }

  /** Whether a text is a whole commit, which always means the same content. */
  static boolean isCommit(String revision) {
    return COMMIT.matcher(revision).matches();
  }

  @Override
  public String toString() {
    return "hf:%s@%s".formatted(repository, revision);
  }
}

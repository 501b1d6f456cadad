package dev.mneme.store.hub;

import com.google.common.base.Ascii;
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
  private static final Pattern COMMIT = Pattern.compile("[0-9a-fA-F]{40}");

  /** The beginning of a commit; digits alone may well be a tag that is a date. */
  private static final Pattern SHORT_COMMIT = Pattern.compile("(?=.*[a-fA-F])[0-9a-fA-F]{7,39}");

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
    String revision = matcher.group(2);
    return new HubReference(
        matcher.group(1), isCommit(revision) ? Ascii.toLowerCase(revision) : revision);
  }

  /**
   * This repository at the commit that the hub says the revision is.
   *
   * @throws MnemeException if the revision is another commit, or the beginning of another
   */
  HubReference at(String commit) {
    boolean pinned = isCommit(revision) || SHORT_COMMIT.matcher(revision).matches();
    if (pinned && !commit.startsWith(Ascii.toLowerCase(revision))) {
      throw new MnemeException(
          "the hub answers for %s with the commit %s instead of %s; nothing of it is used: write the commit that you want in whole; if you mean a tag or branch, write refs/tags/NAME or refs/heads/NAME"
              .formatted(this, commit, revision));
    }
    return new HubReference(repository, commit);
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

package dev.mneme;

import com.google.common.collect.ImmutableList;
import java.util.List;

/** A name stands for no model on the class path, or for more than one; nothing was opened. */
public final class UnresolvedNameException extends MnemeException {
  private static final long serialVersionUID = 1L;

  private final ImmutableList<String> names;

  /**
   * Made by whoever looked.
   *
   * @param names what could have been asked for
   */
  public UnresolvedNameException(String message, List<String> names) {
    super(message);
    this.names = ImmutableList.copyOf(names);
  }

  /** The names there are, sorted. */
  public List<String> names() {
    return names;
  }
}

package dev.mneme.store.files;

import java.util.List;

/** Puts lists into messages without making them as long as a model has tensors. */
public final class Problems {

  /** More are only counted. */
  private static final int MOST = 8;

  private Problems() {}

  /** The problems, or the first of them and how many more there are, divided by semicolons. */
  public static String join(List<String> problems) {
    return problems.size() <= MOST
        ? String.join("; ", problems)
        : "%s; and %d more"
            .formatted(String.join("; ", problems.subList(0, MOST)), problems.size() - MOST);
  }
}

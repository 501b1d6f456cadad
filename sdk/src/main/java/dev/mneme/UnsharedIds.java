package dev.mneme;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;

/**
 * Ids that a host or a memory names and the other does not: the other has no such id, or keeps it
 * free as padding, unused or reserved. They are no reason to refuse a memory. An id that only the
 * host names gets no probability from the memory; an id that only the memory names gets none at all
 * while the memory takes part in a mixture.
 *
 * @param hostOnly what only the host names, by ascending id
 * @param memoryOnly what only the memory names, by ascending id
 */
public record UnsharedIds(List<Entry> hostOnly, List<Entry> memoryOnly) {

  /** An id that only one side names. */
  public record Entry(int id, String name) {
    @Override
    public String toString() {
      return id + " " + name;
    }
  }

  /** Both name the same ids. */
  public static final UnsharedIds NONE = new UnsharedIds(List.of(), List.of());

  private static final int SHOWN = 3;

  public UnsharedIds {
    hostOnly = ImmutableList.copyOf(hostOnly);
    memoryOnly = ImmutableList.copyOf(memoryOnly);
  }

  public boolean isEmpty() {
    return hostOnly.isEmpty() && memoryOnly.isEmpty();
  }

  /** Sentences for a person, one per side; none if both name the same ids. */
  public List<String> sentences() {
    var sentences = new ArrayList<String>();
    if (!hostOnly.isEmpty()) {
      sentences.add(
          "%s, so the memory gives %s no probability"
              .formatted(subject(hostOnly, "host"), pronoun(hostOnly)));
    }
    if (!memoryOnly.isEmpty()) {
      sentences.add(
          "%s, so %s no probability"
              .formatted(
                  subject(memoryOnly, "memory"), memoryOnly.size() == 1 ? "it gets" : "they get"));
    }
    return sentences;
  }

  private static String subject(List<Entry> entries, String side) {
    String shown =
        String.join(", ", entries.stream().limit(SHOWN).map(Entry::toString).toList())
            + (entries.size() > SHOWN ? ", ..." : "");
    return entries.size() == 1
        ? "only the %s names the id %s".formatted(side, shown)
        : "only the %s names %d ids (%s)".formatted(side, entries.size(), shown);
  }

  private static String pronoun(List<Entry> entries) {
    return entries.size() == 1 ? "it" : "them";
  }
}

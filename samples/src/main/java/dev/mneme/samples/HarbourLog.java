package dev.mneme.samples;

import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A made-up domain: days in the log of a harbour, from a small grammar. No model that ships has
 * read it, so a memory trained on some days has something to say about others.
 */
final class HarbourLog {

  private static final int ENTRIES = 6;

  private static final List<String> SHIPS =
      List.of("brig", "schooner", "ketch", "barque", "cutter", "lugger");
  private static final List<String> NAMES =
      List.of("Alma", "Good Intent", "Marigold", "Two Sisters", "Halcyon", "Providence", "Kestrel");
  private static final List<String> PORTS =
      List.of("Bergen", "Lisbon", "Danzig", "Cork", "Bordeaux", "Riga", "Cadiz", "Hull");
  private static final List<String> MASTERS =
      List.of("Captain Ronde", "Captain Vane", "Captain Osk", "Captain Tamsin Hale", "Captain Bly");
  private static final List<String> GOODS =
      List.of("salt", "timber", "dried cod", "tallow", "oranges", "hemp", "slate", "red wine");
  private static final List<String> BERTHS =
      List.of("the north quay", "the customs stairs", "the rope walk", "the outer mole");
  private static final List<String> WINDS =
      List.of("a light breeze from the west", "a hard gale from the north", "fog", "a dead calm");
  private static final List<String> NUMBERS =
      List.of("four", "seven", "nine", "eleven", "fourteen", "twenty", "thirty-one");

  private HarbourLog() {}

  /** So many days, always the same ones. */
  static List<String> days(int count) {
    var random = new Random(2026);
    return IntStream.range(0, count).mapToObj(i -> day(random)).toList();
  }

  private static String day(Random random) {
    return IntStream.range(0, ENTRIES)
        .mapToObj(i -> entry(random))
        .collect(Collectors.joining(" ", "In " + pick(random, WINDS) + ": ", ""));
  }

  private static String entry(Random random) {
    String ship = "the %s %s".formatted(pick(random, SHIPS), pick(random, NAMES));
    return switch (random.nextInt(3)) {
      case 0 ->
          "at high water %s of %s made fast at %s with %s tons of %s; %s paid %s marks of harbour due."
              .formatted(
                  ship,
                  pick(random, PORTS),
                  pick(random, BERTHS),
                  pick(random, NUMBERS),
                  pick(random, GOODS),
                  pick(random, MASTERS),
                  pick(random, NUMBERS));
      case 1 ->
          "on the ebb %s cleared for %s in ballast, %s hands aboard, the pilot dropped off %s."
              .formatted(ship, pick(random, PORTS), pick(random, NUMBERS), pick(random, BERTHS));
      default ->
          "%s swore before the harbour master that %s casks of %s were lost when %s dragged her anchor."
              .formatted(pick(random, MASTERS), pick(random, NUMBERS), pick(random, GOODS), ship);
    };
  }

  private static String pick(Random random, List<String> words) {
    return words.get(random.nextInt(words.size()));
  }
}

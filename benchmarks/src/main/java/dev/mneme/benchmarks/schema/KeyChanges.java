package dev.mneme.benchmarks.schema;

import dev.mneme.benchmarks.schema.Change.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Changes to the metadata of a base file. */
final class KeyChanges {

  private static final String ARCHITECTURE = "general.architecture";
  private static final int[] ALIGNMENTS = {0, 1, 2, 4, 8, 16, 24, 33, 64, 128, 4096};

  private static final List<RawValue> VALUES = AwkwardValues.all();

  private KeyChanges() {}

  /** Every key of the file with every value; every key absent, doubled and renamed. */
  static List<Change> own(GgufDraft base) {
    var changes = new ArrayList<Change>();
    List<String> keys = base.entries().stream().map(GgufDraft.Entry::key).toList();
    String arch = base.text(ARCHITECTURE);
    for (String key : keys) {
      VALUES.forEach(value -> changes.add(put(Kind.KEY_VALUE, key, value)));
      changes.add(new Change(Kind.KEY_PLACE, key + " absent", draft -> draft.remove(key)));
      changes.add(new Change(Kind.KEY_PLACE, key + " twice", draft -> repeat(draft, key)));
      String other =
          key.startsWith(arch + ".") ? "other" + key.substring(arch.length()) : key + ".other";
      changes.add(
          new Change(Kind.KEY_PLACE, key + " as " + other, draft -> rename(draft, key, other)));
    }
    changes.addAll(architectures(arch));
    changes.addAll(alignments());
    return changes;
  }

  /** Keys that the library reads somewhere and this file lacks, with every value. */
  static List<Change> foreign(GgufDraft base) {
    String arch = base.text(ARCHITECTURE);
    Set<String> present =
        base.entries().stream().map(GgufDraft.Entry::key).collect(Collectors.toSet());
    return Stream.concat(
            KnownNames.FILE_KEYS.stream(),
            KnownNames.ARCHITECTURE_KEYS.stream().map(key -> arch + "." + key))
        .filter(key -> !present.contains(key))
        .flatMap(key -> VALUES.stream().map(value -> put(Kind.FOREIGN_KEY, key, value)))
        .toList();
  }

  private static Change put(Kind kind, String key, RawValue value) {
    return new Change(kind, key + " = " + value.label(), draft -> draft.put(key, value));
  }

  private static void repeat(GgufDraft draft, String key) {
    draft.value(key).ifPresent(value -> draft.entries().add(new GgufDraft.Entry(key, value)));
  }

  private static void rename(GgufDraft draft, String key, String other) {
    draft
        .entries()
        .replaceAll(
            entry -> entry.key().equals(key) ? new GgufDraft.Entry(other, entry.value()) : entry);
  }

  /** Another architecture, with the keys of the old one and with their names changed too. */
  private static List<Change> architectures(String arch) {
    var changes = new ArrayList<Change>();
    for (String other : KnownNames.ARCHITECTURES) {
      changes.add(put(Kind.ARCHITECTURE, ARCHITECTURE, RawValue.string(other)));
      changes.add(
          new Change(
              Kind.ARCHITECTURE,
              "architecture %s with its keys".formatted(other),
              draft -> turnInto(draft, arch, other)));
    }
    return changes;
  }

  private static void turnInto(GgufDraft draft, String arch, String other) {
    draft
        .entries()
        .replaceAll(
            entry ->
                entry.key().startsWith(arch + ".")
                    ? new GgufDraft.Entry(
                        other + entry.key().substring(arch.length()), entry.value())
                    : entry);
    draft.put(ARCHITECTURE, RawValue.string(other));
  }

  private static List<Change> alignments() {
    var changes = new ArrayList<Change>();
    for (int alignment : ALIGNMENTS) {
      changes.add(
          new Change(
              Kind.ALIGNMENT,
              "data aligned at " + alignment,
              draft -> {
                draft.put("general.alignment", RawValue.integer(RawValue.UINT32, alignment));
                draft.align(Math.max(1, alignment));
              }));
    }
    return changes;
  }
}

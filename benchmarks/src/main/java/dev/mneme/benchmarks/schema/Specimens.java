package dev.mneme.benchmarks.schema;

import com.google.common.base.Suppliers;
import dev.mneme.benchmarks.schema.Change.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * The files of a run: equal seeds and numbers give equal files. First comes every single change to
 * the main base files in random order; then, over all base files, single changes and pairs at
 * random.
 */
final class Specimens {

  /** The base files of which every change is made. */
  private static final List<BaseModel> MAIN =
      List.of(
          BaseModel.LLAMA,
          BaseModel.MISTRAL,
          BaseModel.QWEN2,
          BaseModel.GPT2,
          BaseModel.GPTNEOX,
          BaseModel.GEMMA3);

  private static final List<BaseModel> MODELS = List.of(BaseModel.values());

  private static final double PAIRS = 0.5;
  private static final double FOREIGN = 0.5;

  private record Single(BaseModel model, Change change) {}

  /** A base file with all its changes. */
  private record Base(GgufDraft draft, List<Change> own, List<Change> foreign) {
    static Base of(BaseModel model) {
      GgufDraft draft = model.draft();
      var own = new ArrayList<>(KeyChanges.own(draft));
      own.addAll(TensorChanges.own(draft));
      var foreign = new ArrayList<>(KeyChanges.foreign(draft));
      foreign.addAll(TensorChanges.foreign(draft));
      return new Base(draft, own, foreign);
    }
  }

  /** A file and what is wrong with it. */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
  record Specimen(Kind kind, String what, byte[] bytes) {}

  private final long seed;
  private final Map<BaseModel, Supplier<Base>> bases = new EnumMap<>(BaseModel.class);
  private final List<Single> singles = new ArrayList<>();

  Specimens(long seed) {
    this.seed = seed;
    for (BaseModel model : BaseModel.values()) {
      bases.put(model, Suppliers.memoize(() -> Base.of(model)));
    }
    for (BaseModel model : MAIN) {
      base(model).own.forEach(change -> singles.add(new Single(model, change)));
    }
    Collections.shuffle(singles, new Random(seed));
  }

  private Base base(BaseModel model) {
    return Objects.requireNonNull(bases.get(model)).get();
  }

  /** Changes that are all made once, before those at random. */
  int singles() {
    return singles.size();
  }

  Specimen get(int index) {
    if (index < singles.size()) {
      Single single = singles.get(index);
      return specimen(single.model, List.of(single.change));
    }
    var random = new SplittableRandom(seed * 1_000_003 + index);
    BaseModel model = MODELS.get(random.nextInt(MODELS.size()));
    int count = random.nextDouble() < PAIRS ? 2 : 1;
    var changes = new ArrayList<Change>();
    for (int i = 0; i < count; i++) {
      List<Change> from = random.nextDouble() < FOREIGN ? base(model).foreign : base(model).own;
      changes.add(from.get(random.nextInt(from.size())));
    }
    return specimen(model, changes);
  }

  private Specimen specimen(BaseModel model, List<Change> changes) {
    GgufDraft draft = base(model).draft.copy();
    changes.forEach(change -> change.edit().accept(draft));
    return new Specimen(
        changes.size() > 1 ? Kind.PAIR : changes.getFirst().kind(),
        model + ": " + String.join("; ", changes.stream().map(Change::what).toList()),
        draft.toBytes());
  }

  /** The unchanged files. */
  static List<byte[]> unchanged() {
    return Arrays.stream(BaseModel.values()).map(model -> model.draft().toBytes()).toList();
  }
}

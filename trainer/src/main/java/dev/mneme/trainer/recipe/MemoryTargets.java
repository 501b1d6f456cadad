package dev.mneme.trainer.recipe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MnemeException;
import dev.mneme.trainer.BuildTargets;
import dev.mneme.trainer.Datastore;
import dev.mneme.trainer.KeySearch;
import dev.mneme.trainer.SparseTargets;
import dev.mneme.trainer.TokenFile;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The teacher's part of what a memory learns: datastore, then targets; nothing for other recipes.
 * Owns both.
 *
 * @param datastore where the training reads it
 * @param sparse targets, where neighbours are learned
 * @param digest of the last of their manifests; empty where there are none
 */
record MemoryTargets(Optional<Datastore> datastore, Optional<SparseTargets> sparse, String digest)
    implements AutoCloseable {

  private static final MemoryTargets NONE =
      new MemoryTargets(Optional.empty(), Optional.empty(), "");

  /** Ids are stored in 16 bits. */
  private static final int LARGEST_VOCABULARY = 1 << 16;

  private static final int PAIR_BYTES = 4;

  /**
   * Stages of a recipe.
   *
   * @return how many of datastore and neighbours it needs
   */
  static int stages(NetworkRecipe recipe) {
    if (!(recipe instanceof MemoryRecipe memory)) {
      return 0;
    }
    return (memory.seeksNeighbours() || memory.readsDatastore() ? 1 : 0)
        + (memory.seeksNeighbours() ? 1 : 0);
  }

  /** Runs them. */
  static MemoryTargets of(
      NetworkRecipe recipe,
      Workspace workspace,
      TokenFile tokens,
      int vocabulary,
      boolean bfloat16,
      Stages stages) {
    if (!(recipe instanceof MemoryRecipe memory) || stages(memory) == 0) {
      return NONE;
    }
    requireFitting(memory, tokens, vocabulary);
    var stage =
        new DatastoreStage(workspace, tokens, memory.teacher(), memory.datastore(), bfloat16);
    Datastore datastore = stage.run(stages);
    Optional<Datastore> kept = Optional.of(datastore);
    if (!memory.readsDatastore()) {
      datastore.close();
      kept = Optional.empty();
    }
    if (!memory.seeksNeighbours()) {
      return new MemoryTargets(kept, Optional.empty(), digest(stage.output()));
    }
    try {
      ObjectNode key = stage.key();
      key.set("neighbours", RecipeJson.node(memory.neighbours()));
      Path output = workspace.shared("targets", key);
      SparseTargets targets =
          stages.run("neighbours", "tokens", output, meter -> search(memory, stage, output, meter));
      return new MemoryTargets(kept, Optional.of(targets), digest(output));
    } catch (RuntimeException e) {
      kept.ifPresent(Datastore::close);
      throw e;
    }
  }

  private static void requireFitting(MemoryRecipe memory, TokenFile tokens, int vocabulary) {
    if (!memory.seeksNeighbours()) {
      return;
    }
    if (vocabulary > LARGEST_VOCABULARY) {
      throw new MnemeException(
          "targets hold at most %d different ids, but the tokenizer has %d"
              .formatted(LARGEST_VOCABULARY, vocabulary));
    }
    long positions = tokens.size() - 1;
    if (memory.neighbours().k() >= positions) {
      throw new MnemeException(
          "the corpus has %d positions, too few for %d neighbours of each; give more text or a smaller \"neighbours.k\""
              .formatted(positions, memory.neighbours().k()));
    }
  }

  private static String digest(Path output) {
    return Workspace.manifest(output).path("digest").asText();
  }

  private static SparseTargets search(
      MemoryRecipe memory, DatastoreStage keys, Path output, Stages.Meter meter) {
    long positions = keys.tokens().size() - 1;
    DatastoreStage.requireSpace(
        output, positions * memory.neighbours().width() * PAIR_BYTES, "the neighbours' targets");
    return build(
            memory.neighbours(),
            keys.tokens(),
            keys.output(),
            keys.width(),
            keys.bfloat16(),
            output)
        .run(meter);
  }

  private static BuildTargets build(
      MemoryRecipe.Neighbours settings,
      TokenFile tokens,
      Path keys,
      int width,
      boolean bfloat16,
      Path output) {
    return new BuildTargets(
        tokens,
        keys,
        width,
        output,
        settings.k(),
        settings.temperature(),
        settings.width(),
        new KeySearch.Settings(settings.lists(), settings.probes(), settings.seed(), bfloat16),
        settings.recallSample());
  }

  @Override
  public void close() {
    datastore.ifPresent(Datastore::close);
    sparse.ifPresent(SparseTargets::close);
  }
}

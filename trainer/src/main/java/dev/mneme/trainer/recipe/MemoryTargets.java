package dev.mneme.trainer.recipe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MnemeException;
import dev.mneme.trainer.BuildTargets;
import dev.mneme.trainer.KeySearch;
import dev.mneme.trainer.SparseTargets;
import dev.mneme.trainer.TokenFile;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The neighbours' part of what a memory learns: datastore, then targets; nothing for other recipes.
 * Owns the targets.
 *
 * @param digest of the targets' manifest; empty where there are none
 */
record MemoryTargets(Optional<SparseTargets> sparse, String digest) implements AutoCloseable {

  /** Ids are stored in 16 bits. */
  private static final int LARGEST_VOCABULARY = 1 << 16;

  private static final int PAIR_BYTES = 4;

  static MemoryTargets of(
      NetworkRecipe recipe,
      Workspace workspace,
      TokenFile tokens,
      NetworkParts parts,
      boolean bfloat16,
      Stages stages) {
    if (!(recipe instanceof MemoryDecoderRecipe memory) || memory.beta() == 0) {
      return new MemoryTargets(Optional.empty(), "");
    }
    if (parts.tokenizer().size() > LARGEST_VOCABULARY) {
      throw new MnemeException(
          "targets hold at most %d different ids, but the tokenizer has %d"
              .formatted(LARGEST_VOCABULARY, parts.tokenizer().size()));
    }
    long positions = tokens.size() - 1;
    if (memory.neighbours().k() >= positions) {
      throw new MnemeException(
          "the corpus has %d positions, too few for %d neighbours of each; give more text or a smaller \"neighbours.k\""
              .formatted(positions, memory.neighbours().k()));
    }
    var datastore =
        new DatastoreStage(workspace, tokens, memory.teacher(), memory.datastore(), bfloat16);
    datastore.run(stages).close();
    Path keys = datastore.output();
    ObjectNode key = datastore.key();
    key.set("neighbours", RecipeJson.node(memory.neighbours()));
    Path output = workspace.shared("targets", key);
    SparseTargets targets =
        stages.run(
            "neighbours",
            "tokens",
            output,
            meter -> {
              int kept = memory.neighbours().width();
              DatastoreStage.requireSpace(
                  output, positions * kept * PAIR_BYTES, "the neighbours' targets");
              return build(memory.neighbours(), tokens, keys, datastore.width(), bfloat16, output)
                  .run(meter);
            });
    return new MemoryTargets(
        Optional.of(targets), Workspace.manifest(output).path("digest").asText());
  }

  private static BuildTargets build(
      MemoryDecoderRecipe.Neighbours settings,
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
    sparse.ifPresent(SparseTargets::close);
  }
}

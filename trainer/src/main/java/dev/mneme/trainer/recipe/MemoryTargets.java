package dev.mneme.trainer.recipe;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MnemeException;
import dev.mneme.djl.DecoderShape;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.trainer.BuildDatastore;
import dev.mneme.trainer.BuildTargets;
import dev.mneme.trainer.KeySearch;
import dev.mneme.trainer.SparseTargets;
import dev.mneme.trainer.StageManifest;
import dev.mneme.trainer.TokenFile;
import java.nio.file.Files;
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

  private static final int HALF_BYTES = 2;
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
    Path teacher = memory.teacher().in(workspace.work());
    int width = DecoderShape.of(HuggingFaceConfig.read(teacher)).hidden();
    ObjectNode key = JsonNodeFactory.instance.objectNode();
    key.put("tokens", String.valueOf(tokens.file().getFileName()));
    key.put("teacher", memory.teacher().path()).put("bfloat16", bfloat16);
    key.set("datastore", RecipeJson.node(memory.datastore()));
    Path keys = workspace.shared("datastore", key);
    stages.run(
        "datastore",
        "tokens",
        keys,
        meter -> {
          require(keys, positions * width * HALF_BYTES, "the teacher's keys");
          MemoryDecoderRecipe.Keys settings = memory.datastore();
          new BuildDatastore(
                  tokens,
                  teacher,
                  keys,
                  settings.context(),
                  settings.stride(),
                  settings.sequences())
              .run(bfloat16, meter)
              .close();
          return keys;
        });
    key.set("neighbours", RecipeJson.node(memory.neighbours()));
    Path output = workspace.shared("targets", key);
    SparseTargets targets =
        stages.run(
            "neighbours",
            "tokens",
            output,
            meter -> {
              int kept = memory.neighbours().width();
              require(output, positions * kept * PAIR_BYTES, "the neighbours' targets");
              return build(memory.neighbours(), tokens, keys, width, bfloat16, output).run(meter);
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

  /** Mapped files that outgrow the disk would end the process, so that is found out before. */
  private static void require(Path output, long bytes, String what) {
    boolean begun =
        Files.exists(StageManifest.fileOf(output))
            || Files.exists(output.resolveSibling(output.getFileName() + ".part"));
    if (!begun) {
      FreeSpace.require(output.resolveSibling("."), bytes, what);
    }
  }

  @Override
  public void close() {
    sparse.ifPresent(SparseTargets::close);
  }
}

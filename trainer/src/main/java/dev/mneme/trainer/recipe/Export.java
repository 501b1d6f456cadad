package dev.mneme.trainer.recipe;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.mneme.MnemeException;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.trainer.StageManifest;
import dev.mneme.trainer.text.BpeTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * The last stage: a trained network becomes a Hugging Face directory or a pack, which appears under
 * its name only when whole. Used by one thread.
 */
final class Export {

  private static final int VERSION = 1;
  private static final String WEIGHTS = "model.safetensors";

  private final NetworkRecipe recipe;
  private final Workspace workspace;
  private final BpeTokenizer tokenizer;

  Export(NetworkRecipe recipe, Workspace workspace, BpeTokenizer tokenizer) {
    this.recipe = recipe;
    this.workspace = workspace;
    this.tokenizer = tokenizer;
  }

  Path stage() {
    return workspace.training().resolve("export");
  }

  /**
   * Exports, unless exactly this was exported already.
   *
   * @throws MnemeException if something else lies under the name
   */
  Path run(DecoderNetwork network) {
    Path staged = workspace.training().resolve("model");
    Path output = workspace.output();
    try {
      delete(staged);
      network.save(staged, Dtype.F16, tokenizer.beginId());
      for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
        Path file = recipe.tokenizer().in(workspace.work()).resolve(name);
        if (Files.exists(file)) {
          Files.copy(file, staged.resolve(name));
        }
      }
      if (Files.exists(output)) {
        requireSame(staged, output);
      } else if (recipe instanceof MemoryDecoderRecipe memory) {
        MemoryPack.importFrom(
            staged, memory.name().text(), memory.domain(), memory.lambda(), output);
      } else {
        Files.move(staged, output, StandardCopyOption.ATOMIC_MOVE);
      }
      delete(staged);
    } catch (IOException e) {
      throw new MnemeException(
          "cannot write %s: %s; check the folder and the free space, then start again: the training is kept"
              .formatted(output, e),
          e);
    }
    var manifest = new StageManifest("export", VERSION);
    List.of("config.json", WEIGHTS, "tokenizer.json")
        .forEach(name -> manifest.input(output.resolve(name)));
    manifest.write(stage(), manifest.results());
    return output;
  }

  private void requireSame(Path staged, Path output) {
    boolean same =
        Files.exists(output.resolve(WEIGHTS))
            && Digests.sha256(staged.resolve(WEIGHTS))
                .equals(Digests.sha256(output.resolve(WEIGHTS)));
    if (same && recipe instanceof MemoryDecoderRecipe memory) {
      MemoryPack pack = MemoryPack.open(output);
      same =
          pack.name().equals(memory.name().text())
              && pack.manifest().domain().equals(memory.domain())
              && pack.recommendedLambda().orElse(-1) == memory.lambda();
    }
    if (!same) {
      throw new MnemeException(
          "%s exists and is not what this recipe gives; remove it or rename the recipe"
              .formatted(output));
    }
  }

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }
}

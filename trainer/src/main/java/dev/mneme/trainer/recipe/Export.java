package dev.mneme.trainer.recipe;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.mneme.MnemeException;
import dev.mneme.Tap;
import dev.mneme.TappedHost;
import dev.mneme.store.HostNorms;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackKind;
import dev.mneme.store.PackLabel;
import dev.mneme.store.packs.Trust;
import dev.mneme.trainer.StageManifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.function.Consumer;

/**
 * The last stage: a trained network becomes a Hugging Face directory or a pack, which appears under
 * its name only when whole. Used by one thread.
 */
final class Export {

  private static final int VERSION = 1;
  private static final String WEIGHTS = "model.safetensors";

  private final NetworkRecipe recipe;
  private final Workspace workspace;

  Export(NetworkRecipe recipe, Workspace workspace) {
    this.recipe = recipe;
    this.workspace = workspace;
  }

  Path stage() {
    return workspace.training().resolve("export");
  }

  /**
   * Exports, unless exactly this was exported already.
   *
   * @param save writes the network to a folder
   * @throws MnemeException if something else lies under the name
   */
  Path run(Consumer<Path> save) {
    Path staged = workspace.training().resolve("model");
    Path output = workspace.output();
    try {
      delete(staged);
      save.accept(staged);
      for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
        Path file = recipe.tokenizer().in(workspace.work()).resolve(name);
        if (Files.exists(file)) {
          Files.copy(file, staged.resolve(name));
        }
      }
      if (Files.exists(output)) {
        requireSame(staged, output);
      } else {
        publish(staged, output);
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

  private void publish(Path staged, Path output) throws IOException {
    switch (recipe) {
      case LanguageModelRecipe _ -> Files.move(staged, output, StandardCopyOption.ATOMIC_MOVE);
      case MemoryDecoderRecipe memory ->
          MemoryPack.importFrom(
              staged, label(memory.name(), memory.domain(), memory.lambda()), output);
      case MlpMemoryRecipe memory ->
          MemoryPack.importFrom(
              staged,
              label(memory.name(), memory.domain(), memory.lambda()),
              reads(memory),
              output);
    }
  }

  private static PackLabel label(RecipeName name, String domain, double lambda) {
    return PackLabel.of(name.text(), domain).withLambda(lambda);
  }

  private TappedHost reads(MlpMemoryRecipe memory) {
    Path teacher = memory.teacher().in(workspace.work());
    return new TappedHost(HostNorms.ofHuggingFace(teacher), Tap.lastFeedForwardInput());
  }

  private void requireSame(Path staged, Path output) {
    boolean same =
        Files.exists(output.resolve(WEIGHTS))
            && Digests.sha256(staged.resolve(WEIGHTS))
                .equals(Digests.sha256(output.resolve(WEIGHTS)));
    if (same && recipe instanceof MemoryRecipe memory) {
      MemoryPack pack = MemoryPack.open(output, Trust.OFF); // compared, not run
      same =
          pack.name().equals(memory.name().text())
              && pack.manifest().domain().equals(memory.domain())
              && pack.recommendedLambda().orElse(-1) == memory.lambda();
      if (memory instanceof MlpMemoryRecipe mlp) {
        same &= pack.kind().equals(new PackKind.MlpMemory(reads(mlp)));
      }
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

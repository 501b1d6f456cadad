package dev.mneme.trainer.recipe;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.djl.LlamaShape;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.trainer.BuildDatastore;
import dev.mneme.trainer.Datastore;
import dev.mneme.trainer.StageManifest;
import dev.mneme.trainer.TokenFile;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The stage that makes a model's keys of a text; recipes that ask for the same share its output.
 *
 * @param model whose keys they are
 * @param bfloat16 whether it computes products in bfloat16
 */
record DatastoreStage(
    Workspace workspace,
    TokenFile tokens,
    MadeFolder model,
    MemoryRecipe.Keys settings,
    boolean bfloat16) {

  private static final int HALF_BYTES = 2;

  /** Everything that decides the keys, in words of recipes. */
  ObjectNode key() {
    ObjectNode key = JsonNodeFactory.instance.objectNode();
    key.put("tokens", String.valueOf(tokens.file().getFileName()));
    key.put("teacher", model.path()).put("bfloat16", bfloat16);
    key.set("datastore", RecipeJson.node(settings));
    return key;
  }

  Path output() {
    return workspace.shared("datastore", key());
  }

  /** Numbers of a key. */
  int width() {
    return LlamaShape.of(HuggingFaceConfig.read(model.in(workspace.work()))).hidden();
  }

  long bytes() {
    return (tokens.size() - 1) * width() * HALF_BYTES;
  }

  /**
   * Makes the keys, unless they are there.
   *
   * @return the caller's to close
   */
  Datastore run(Stages stages) {
    Path output = output();
    return stages.run(
        "datastore",
        "tokens",
        output,
        meter -> {
          requireSpace(output, bytes(), "the teacher's keys");
          return new BuildDatastore(
                  tokens,
                  model.in(workspace.work()),
                  output,
                  settings.context(),
                  settings.stride(),
                  settings.sequences())
              .run(bfloat16, meter);
        });
  }

  /** Mapped files that outgrow the disk would end the process, so that is found out before. */
  static void requireSpace(Path output, long bytes, String what) {
    boolean begun =
        Files.exists(StageManifest.fileOf(output))
            || Files.exists(output.resolveSibling(output.getFileName() + ".part"));
    if (!begun) {
      FreeSpace.require(output.resolveSibling("."), bytes, what);
    }
  }
}

package dev.mneme.trainer.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.hash.Hashing;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.store.files.LeftFiles;
import dev.mneme.store.files.RegularFiles;
import dev.mneme.trainer.StageManifest;
import dev.mneme.trainer.text.Corpus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Where the run of a recipe reads and writes.
 *
 * <pre>
 * WORK/NAME            what the recipe makes
 * WORK/NAME.training   its checkpoint, report.json, curves.png
 * WORK/stages          token files, datastores, targets: shared by recipes that ask for the same
 * </pre>
 *
 * @param data folder of the corpora; only read
 * @param work folder of everything made
 */
record Workspace(Path data, Path work, RecipeName name) {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final long MOST_BYTES = 16L << 20;
  private static final int NAME_DIGITS = 16;

  Path output() {
    return work.resolve(name.text());
  }

  Path training() {
    return work.resolve(name + ".training");
  }

  Path checkpoint() {
    return training().resolve("checkpoint.safetensors");
  }

  /**
   * The file of a stage that other recipes may share.
   *
   * @param kind of the stage, such as {@code tokens}
   * @param settings everything of the recipe that decides its content
   */
  Path shared(String kind, JsonNode settings) {
    String digest =
        Hashing.sha256().hashString(settings.toString(), StandardCharsets.UTF_8).toString();
    return work.resolve("stages").resolve(kind + "-" + digest.substring(0, NAME_DIGITS));
  }

  /**
   * Removes the unfinished files of killed runs: all of this recipe and of the shared stages, and
   * in the work folder itself those whose names tell the process.
   */
  void removeLeft() {
    LeftFiles.removeOwned(work);
    LeftFiles.removeAll(work, 1, file -> file.startsWith(name + "."));
    LeftFiles.removeAll(work.resolve("stages"), 1, file -> true);
    LeftFiles.removeAll(training(), Integer.MAX_VALUE, file -> true);
    if (LeftFiles.removeAll(output(), 1, file -> true)) {
      removeIfEmpty(output());
    }
  }

  /** A folder with nothing but unfinished files was never an output. */
  private static void removeIfEmpty(Path folder) {
    try {
      Files.delete(folder);
    } catch (DirectoryNotEmptyException e) {
      // It is an output, or what else lies there is reported when the output is written.
    } catch (IOException e) {
      throw new MnemeException(
          "cannot remove %s: %s; check the folder".formatted(folder, FailureText.of(e)), e);
    }
  }

  List<Corpus> corpora(List<CorpusSettings> settings) {
    return settings.stream().map(corpus -> corpus.in(data)).toList();
  }

  /** What a stage's manifest says, whole. */
  static JsonNode manifest(Path output) {
    Path file = StageManifest.fileOf(output);
    try {
      return MAPPER.readTree(RegularFiles.readAtMost(file, MOST_BYTES));
    } catch (IOException e) {
      throw new MnemeException(
          "cannot read %s: %s; delete it to make the stage again"
              .formatted(file, FailureText.of(e)),
          e);
    }
  }
}

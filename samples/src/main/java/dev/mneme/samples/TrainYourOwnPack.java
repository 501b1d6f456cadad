package dev.mneme.samples;

import com.google.common.io.MoreFiles;
import dev.mneme.HostLoader;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.Perplexity;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.MemoryLoader;
import dev.mneme.trainer.recipe.Recipe;
import dev.mneme.trainer.recipe.RecipeRun;
import dev.mneme.trainer.recipe.RunListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/**
 * Trains a tiny Memory Decoder on a folder of text, attaches it to the host it was trained for, and
 * measures on documents it has not read what it is worth. The recipe is one of {@code mneme train},
 * with sizes that end in seconds; a memory for real use is larger and reads far more. The log of a
 * made-up harbour, which it learns by default, has few turns of phrase and strange words, so that
 * the perplexity falls much further than on other text.
 */
public final class TrainYourOwnPack {

  private static final double LAMBDA = 0.7;

  /** Tokenizer and teacher are the host; {@code bytes} limits what is read of a large folder. */
  private static final String RECIPE =
      """
      {"kind": "memory-decoder", "name": "my-pack", "domain": "my own texts", "lambda": %s,
       "tokenizer": "host", "teacher": "host",
       "corpora": [{"files": ["train.txt"], "bytes": 100000}],
       "datastore": {"context": 128, "stride": 64}, "neighbours": {"k": 64, "width": 16},
       "shape": {"hidden": 96, "layers": 2, "heads": 2, "kvHeads": 1, "feedForward": 256,
                 "context": 128},
       "batches": {"length": 64, "sequences": 8},
       "rate": {"peak": 0.004, "warmup": 20, "steps": 120}, "compute": {"pointEvery": 40}}
      """
          .formatted(LAMBDA);

  private TrainYourOwnPack() {}

  /**
   * Runs it.
   *
   * @param args the folder to work in, by default a new temporary one; a folder of {@code .txt}
   *     files to learn, whose empty lines separate documents, by default a made-up harbour's log
   */
  public static void main(String[] args) throws IOException {
    Path work = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("mneme-my-pack");
    Documents documents =
        args.length > 1 ? Documents.in(Path.of(args[1])) : Documents.of(HarbourLog.days(48));
    Path pack = train(documents, work);
    measure(pack, documents);
    System.out.printf("the pack is %s%n", pack);
  }

  private static Path train(Documents documents, Path work) throws IOException {
    Path data = Files.createDirectories(work.resolve("data"));
    Files.writeString(data.resolve("train.txt"), String.join("\n\n", documents.learned()) + "\n");
    // Recipes find what they build on in their work folder.
    Path host = Files.createDirectories(work.resolve("host"));
    for (Path file : MoreFiles.listFiles(ClassPathModels.here().hostFolder("host-3m"))) {
      Path copy = host.resolve(String.valueOf(file.getFileName()));
      Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
    }
    Recipe recipe = Recipe.read(Files.writeString(work.resolve("recipe.json"), RECIPE));
    System.out.printf("training on %d documents%n", documents.learned().size());
    return new RecipeRun(data, work, 0, false).run(recipe, TrainYourOwnPack::print).output();
  }

  private static void print(RunListener.Status now) {
    boolean training = !now.note().isEmpty() && now.done() % 40 == 0;
    if (training || now.done() == now.all()) {
      System.out.printf(
          "  stage %d of %d: %s %d %s %s%n",
          now.number(), now.stages(), now.stage(), now.done(), now.unit(), now.note());
    }
  }

  private static void measure(Path pack, Documents documents) {
    var host = HostLoader.open(ClassPathModels.here().host("host-3m"));
    try (var model = MemoryAugmentedModel.over(host)) {
      model.attach(MemoryLoader.open(pack, host), LambdaPolicy.fixed(LAMBDA));
      try (var perplexity = new Perplexity(model, 128, 64)) {
        documents.heldOut().forEach(text -> perplexity.add(host.tokenizer().encode(text)));
        Perplexity.Result result = perplexity.result();
        System.out.printf(
            Locale.ROOT,
            "perplexity on %d other documents: %.2f with the host alone, %.2f with the memory%n",
            documents.heldOut().size(),
            result.host().perplexity(),
            result.mixture().perplexity());
      }
    }
  }
}

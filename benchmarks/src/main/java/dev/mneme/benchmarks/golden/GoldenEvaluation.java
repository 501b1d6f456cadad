package dev.mneme.benchmarks.golden;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import com.google.common.primitives.Ints;
import dev.mneme.HostModel;
import dev.mneme.MnemeException;
import dev.mneme.Tokenizer;
import dev.mneme.djl.TorchOptions;
import dev.mneme.djl.WeightPrecision;
import dev.mneme.llamacpp.CacheType;
import dev.mneme.store.WeightType;
import dev.mneme.store.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Compares everything in a reference's {@code golden.json} with what Mneme gives for the same
 * models and texts. Ends with 0 if all is within tolerance, 1 if not, 2 if it could not be run.
 */
@Command(
    name = "golden",
    mixinStandardHelpOptions = true,
    exitCodeOnExecutionException = 2,
    description = "Compares Mneme with the figures of an independent implementation.")
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
final class GoldenEvaluation implements Callable<Integer> {

  @Parameters(
      index = "0",
      paramLabel = "REFERENCE",
      description = "Folder with golden.json and the models in the Hugging Face layout.")
  private Path reference;

  @Parameters(
      index = "1",
      paramLabel = "CORPORA",
      description = "Folder with DOMAIN/test.txt.gz for every text in golden.json.")
  private Path corpora;

  @Option(
      names = "--type",
      defaultValue = "F32",
      description = "Weights: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private WeightType type;

  @Option(
      names = "--cache",
      defaultValue = "F32",
      description = "Key-value cache: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private CacheType cache;

  @Option(
      names = "--torch",
      paramLabel = "NUMBERS",
      description =
          "Run on PyTorch with matrices in these numbers, not on llama.cpp:"
              + " ${COMPLETION-CANDIDATES}.")
  private @Nullable WeightPrecision precision;

  @Option(
      names = "--lambda",
      description = "Run the perplexity of mixtures at this weight only. Repeat it for several.")
  private List<Double> lambdas = new ArrayList<>();

  public static void main(String[] args) {
    System.exit(
        new CommandLine(new GoldenEvaluation())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .execute(args));
  }

  @Override
  public Integer call() throws IOException {
    JsonValue golden = JsonValue.read(reference.resolve("golden.json"));
    boolean exact =
        precision == null
            ? type == WeightType.F32 && cache == CacheType.F32
            : precision == WeightPrecision.FLOAT32;
    var deviations = new Deviations(exact);
    Path work = Files.createTempDirectory("golden");
    try {
      String host = compareFiles(golden.get("models"), deviations);
      var models = new ReferenceModels(reference, host, work, engine());
      List<Stream> streams = compareTokens(golden, models, deviations);
      new FixedSequenceComparison(models, host, golden.get("fixed_sequence"), deviations).run();
      new GreedyComparison(models, golden.get("greedy"), deviations).run();
      var perplexities =
          new PerplexityComparison(models, golden.get("perplexity"), streams, deviations);
      perplexities.runSingle(host);
      perplexities.runMixtures(lambda -> lambdas.isEmpty() || lambdas.contains(lambda));
      System.out.printf(
          "%s%n%n%s%nrelative deviation of each mixture's perplexity:%n",
          engine(), deviations.table());
      perplexities.lines().forEach(System.out::println);
    } finally {
      MoreFiles.deleteRecursively(work, RecursiveDeleteOption.ALLOW_INSECURE);
    }
    return deviations.exceeded() ? 1 : 0;
  }

  private ReferenceModels.Engine engine() {
    return precision == null
        ? new ReferenceModels.Engine.LlamaCpp(type, cache)
        : new ReferenceModels.Engine.Torch(TorchOptions.defaults().withPrecision(precision));
  }

  /** Compares the digests of all model files and finds the one model that is the host. */
  private String compareFiles(JsonValue models, Deviations deviations) {
    var hosts = new ArrayList<String>();
    models
        .members()
        .forEach(
            (name, model) -> {
              if (model.get("role").string().equals("host")) {
                hosts.add(name);
              }
              Path directory = reference.resolve(model.get("directory").string());
              model
                  .get("sha256")
                  .members()
                  .forEach(
                      (file, digest) ->
                          deviations.equal(
                              Group.FILES,
                              digest.string(),
                              Figures.sha256(directory.resolve(file)),
                              name + ", " + file));
            });
    if (hosts.size() != 1) {
      throw new MnemeException(
          "%s: expected one model with the role \"host\", found %s"
              .formatted(models.origin(), hosts));
    }
    return hosts.getFirst();
  }

  private List<Stream> compareTokens(
      JsonValue golden, ReferenceModels models, Deviations deviations) {
    try (HostModel host = models.openHost()) {
      Tokenizer tokenizer = host.tokenizer();
      for (JsonValue vector : golden.get("tokenizer_vectors").get("cases").elements()) {
        String text = vector.get("text").string();
        deviations.equal(
            Group.TOKENS,
            Ints.asList(Figures.ids(vector.get("ids"))),
            Ints.asList(tokenizer.encode(text, false, true)),
            "\"" + text + "\"");
      }
      var streams = new ArrayList<Stream>();
      golden
          .get("perplexity")
          .get("streams")
          .members()
          .forEach(
              (name, expected) -> {
                Path file = corpora.resolve(name).resolve("test.txt.gz");
                int length = expected.get("tokens").count();
                Stream stream = Stream.read(name, file, tokenizer, length);
                stream.compare(expected, deviations);
                streams.add(stream);
              });
      return streams;
    }
  }
}

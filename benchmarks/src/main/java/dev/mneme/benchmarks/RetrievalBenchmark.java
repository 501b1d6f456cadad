package dev.mneme.benchmarks;

import dev.mneme.FloatRows;
import dev.mneme.GenerationRequest;
import dev.mneme.HostSession;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.Rows;
import dev.mneme.Tap;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.llamacpp.LlamaCppMemoryLoader;
import dev.mneme.llamacpp.LlamaCppOptions;
import dev.mneme.store.MemoryPack;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Tokens a second of a host alone, with memories, and with the kNN-LM they stand for, over
 * datastores of growing size: searched exactly, and through a Lucene HNSW index. The keys are real
 * ones, of a datastore that training made; values do not matter to the time and are made up.
 */
@Command(name = "retrieval", mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
public final class RetrievalBenchmark implements Callable<Integer> {

  private static final int STEPS = 32;
  private static final int ROUNDS = 5;
  private static final int PROMPT = 64;
  private static final double LAMBDA = 0.5;

  @Option(names = "--host", required = true, description = "A .gguf file.")
  private Path host;

  @Option(
      names = "--datastore",
      required = true,
      description = "File of half-precision keys; repeat it for more.")
  private List<Path> datastores = new ArrayList<>();

  @Option(names = "--width", required = true, description = "Numbers of a key.")
  private int width;

  @Option(names = "--pack", description = "A pack to measure as a memory; repeat it for several.")
  private List<Path> packs = new ArrayList<>();

  @Option(
      names = "--sizes",
      split = ",",
      defaultValue = "10000,100000,1000000,5000000",
      description = "Keys of each datastore. Default: ${DEFAULT-VALUE}.")
  private List<Integer> sizes = new ArrayList<>();

  @Option(names = "-k", defaultValue = "1024", description = "Neighbours. Default: 1024.")
  private int k;

  @Option(names = "--index", description = "Folder for Lucene indices; without it there is none.")
  private @Nullable Path index;

  @Option(names = "--chart", description = "PNG file for the growth with size.")
  private @Nullable Path chart;

  /** Runs the benchmark; {@code --help} lists its options. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new RetrievalBenchmark()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    var rates = new LinkedHashMap<String, Double>();
    rates.put("host alone", memories(List.of()));
    for (Path pack : packs) {
      rates.put("with " + MemoryPack.open(pack).name(), memories(List.of(pack)));
    }
    if (packs.size() > 1) {
      rates.put("with all of these", memories(packs));
    }
    rates.forEach(RetrievalBenchmark::print);
    var exact = new LinkedHashMap<Integer, Double>();
    var indexed = new LinkedHashMap<Integer, Double>();
    int most = sizes.stream().mapToInt(Integer::intValue).max().orElseThrow();
    try (var keys = KeyBlock.read(datastores, width, most)) {
      for (int size : sizes) {
        if (size > keys.size()) {
          System.out.printf("only %d keys, %d are wanted%n", keys.size(), size);
          continue;
        }
        exact.put(size, retrieval(query -> keys.nearest(query, size, k)));
        print("kNN-LM, exact, %,d keys".formatted(size), exact.get(size));
        if (index != null) {
          try (var lucene = LuceneKeys.open(index.resolve("keys-" + size), keys, size)) {
            indexed.put(size, retrieval(query -> lucene.nearest(query, k)));
            print(
                "kNN-LM, HNSW, %,d keys (built in %.0f s)".formatted(size, lucene.secondsToBuild()),
                indexed.get(size));
          }
        }
      }
    }
    if (chart != null) {
      RetrievalChart.write(chart, rates, Map.of("exact", exact, "HNSW", indexed));
    }
    return 0;
  }

  private static void print(String what, double rate) {
    System.out.printf(Locale.ROOT, "%-44s %10.2f tokens a second%n", what, rate);
  }

  /** The median rate of generating with memories. */
  private double memories(List<Path> attached) {
    try (MemoryAugmentedModel model = MemoryAugmentedModel.over(LlamaCppHost.open(host))) {
      for (Path directory : attached) {
        MemoryPack pack = MemoryPack.open(directory);
        model.attach(
            LlamaCppMemoryLoader.load(pack, pack.storedType(), LlamaCppOptions.defaults()),
            LambdaPolicy.fixed(LAMBDA / attached.size()));
      }
      GenerationRequest request =
          GenerationRequest.ofIds(prompt()).withMaxTokens(STEPS).withStopAtEnd(false);
      double[] rates = new double[ROUNDS];
      for (int round = -2; round < ROUNDS; round++) {
        double rate = model.generate(request).tokensPerSecond();
        if (round >= 0) {
          rates[round] = rate;
        }
      }
      return median(rates);
    }
  }

  /** Finds the rows and squared distances of the keys nearest to a query. */
  interface Search {
    Neighbours nearest(float[] query) throws IOException;
  }

  /** The median rate of decoding greedily with kNN-LM: host, search, weights, mixture. */
  private double retrieval(Search search) throws IOException {
    Tap tap = Tap.lastFeedForwardInput();
    double[] rates = new double[ROUNDS];
    try (LlamaCppHost model = LlamaCppHost.open(host);
        HostSession session =
            model.openSession(Runtime.getRuntime().availableProcessors(), java.util.Set.of(tap))) {
      for (int round = -1; round < ROUNDS; round++) {
        session.truncate(0);
        FloatRows logits = session.forward(prompt(), Rows.LAST);
        long start = System.nanoTime();
        for (int step = 0; step < STEPS; step++) {
          float[] key = session.activations(tap).row(0).toArray(ValueLayout.JAVA_FLOAT);
          int next = mixed(logits.row(0).toArray(ValueLayout.JAVA_FLOAT), search.nearest(key));
          logits = session.forward(new int[] {next}, Rows.LAST);
        }
        if (round >= 0) {
          rates[round] = STEPS / ((System.nanoTime() - start) / 1e9);
        }
      }
    }
    return median(rates);
  }

  /** kNN-LM's mixture and its likeliest token (arXiv 1911.00172, equations 2 and 3). */
  private static int mixed(float[] logits, Neighbours neighbours) {
    double[] p = new double[logits.length];
    float largest = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      largest = Math.max(largest, logit);
    }
    double sum = 0;
    for (int i = 0; i < p.length; i++) {
      p[i] = Math.exp(logits[i] - largest);
      sum += p[i];
    }
    for (int i = 0; i < p.length; i++) {
      p[i] *= (1 - LAMBDA) / sum;
    }
    float nearest = Float.POSITIVE_INFINITY;
    for (int i = 0; i < neighbours.count(); i++) {
      nearest = Math.min(nearest, neighbours.distance(i));
    }
    double mass = 0;
    double[] weights = new double[neighbours.count()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = Math.exp(nearest - neighbours.distance(i));
      mass += weights[i];
    }
    int best = 0;
    for (int i = 0; i < weights.length; i++) {
      int value = Math.floorMod(neighbours.row(i) * 0x9E3779B9, p.length);
      p[value] += LAMBDA * weights[i] / mass;
    }
    for (int i = 0; i < p.length; i++) {
      best = p[i] > p[best] ? i : best;
    }
    return best;
  }

  private static int[] prompt() {
    int[] ids = new int[PROMPT];
    Arrays.setAll(ids, i -> 1000 + 17 * i);
    return ids;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}

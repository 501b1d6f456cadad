package dev.mneme.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryUse;
import dev.mneme.MnemeException;
import dev.mneme.Perplexity;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures perplexity of host, memories and mixture on a text. */
@Command(
    name = "eval",
    mixinStandardHelpOptions = true,
    description = {
      "Perplexity and bits per byte of the host, of each memory and of the mixture.",
      "Blank lines separate documents; each is scored in windows that overlap and never cross it."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
final class EvalCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private ModelOptionsMixin models;

  @Option(
      names = "--text",
      required = true,
      paramLabel = "FILE",
      description = "UTF-8 text, may be gzipped (.gz).")
  private Path text;

  @Option(
      names = "--window",
      defaultValue = "512",
      paramLabel = "N",
      description = "Tokens in a window. Default: ${DEFAULT-VALUE}.")
  private int window;

  @Option(
      names = "--stride",
      paramLabel = "N",
      description = "Tokens between the starts of windows. Default: half the window.")
  private @Nullable Integer stride;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "Stop after this many tokens, each document's first counted. Default: all.")
  private @Nullable Integer maxTokens;

  @Option(names = "--json", description = "Print one JSON object instead of a table.")
  private boolean json;

  @Override
  public Integer call() {
    checkOptions();
    List<String> documents = TextFile.documents(text);
    PrintWriter out = spec.commandLine().getOut();
    try (MemoryAugmentedModel model = models.open()) {
      List<int[]> ids = encode(model, documents);
      long total = ids.stream().mapToLong(document -> Math.max(0, document.length - 1)).sum();
      if (total == 0) {
        throw new MnemeException(
            "%s gives no token to score: each document's first token has nothing before it; give more text or a larger --max-tokens"
                .formatted(text));
      }
      long start = System.nanoTime();
      try (var perplexity = new Perplexity(model, window, stride == null ? window / 2 : stride)) {
        try (var progress = new Progress("eval", " tokens", total)) {
          for (int[] document : ids) {
            perplexity.add(document, progress::advance);
          }
        } // the bar goes before anything is printed where it stands
        double seconds = (System.nanoTime() - start) / 1e9;
        Perplexity.Result result = perplexity.result();
        if (json) {
          out.println(Json.write(toJson(result, seconds)));
        } else {
          printTable(result, seconds, out);
        }
      }
      out.flush();
    }
    return 0;
  }

  private void checkOptions() {
    OptionRange.atLeast("--window", window, 2, "");
    if (stride != null) {
      OptionRange.within("--stride", stride, 1, window - 1, "a window is " + window);
    }
    if (maxTokens != null) {
      OptionRange.atLeast("--max-tokens", maxTokens, 2, "a first token is not scored");
    }
  }

  private List<int[]> encode(MemoryAugmentedModel model, List<String> documents) {
    int left = maxTokens == null ? Integer.MAX_VALUE : maxTokens;
    var ids = new ArrayList<int[]>();
    for (String document : documents) {
      if (left <= 0) {
        break;
      }
      int[] encoded = model.host().tokenizer().encode(document);
      ids.add(encoded.length > left ? Arrays.copyOf(encoded, left) : encoded);
      left -= encoded.length;
    }
    return ids;
  }

  private static ObjectNode toJson(Perplexity.Result result, double seconds) {
    ObjectNode node = Json.object().put("tokens", result.tokens()).put("bytes", result.bytes());
    putFigures(node.putObject("perplexity"), result, Perplexity.Figures::perplexity);
    putFigures(node.putObject("bitsPerByte"), result, Perplexity.Figures::bitsPerByte);
    ObjectNode lambda = node.putObject("lambda");
    for (MemoryUse use : result.uses()) {
      if (use.lambda() != null) {
        lambda.put(use.name(), use.lambda());
      }
    }
    return node.put("seconds", seconds).put("tokensPerSecond", result.tokens() / seconds);
  }

  private static void putFigures(
      ObjectNode node, Perplexity.Result result, ToDoubleFunction<Perplexity.Figures> figure) {
    node.put("host", figure.applyAsDouble(result.host()));
    node.put("mixture", figure.applyAsDouble(result.mixture()));
    ObjectNode memories = node.putObject("memories");
    result.memories().forEach((name, figures) -> memories.put(name, figure.applyAsDouble(figures)));
  }

  private static void printTable(Perplexity.Result result, double seconds, PrintWriter out) {
    out.printf(Locale.ROOT, "%-24s %12s %14s%n", "", "perplexity", "bits per byte");
    printRow(out, "host", result.host());
    for (MemoryUse use : result.uses()) {
      Perplexity.Figures figures = result.memories().get(use.name());
      if (figures != null) {
        printRow(out, "memory " + use.name(), figures);
      }
    }
    if (!result.uses().isEmpty()) {
      printRow(out, "mixture", result.mixture());
      for (MemoryUse use : result.uses()) {
        if (use.lambda() != null) {
          Line.print(out, "  lambda of %s: %s%n", use.name(), use.lambda());
        }
      }
    }
    out.printf(
        Locale.ROOT,
        "%d tokens, %d bytes, %.1f s, %.0f tokens a second%n",
        result.tokens(),
        result.bytes(),
        seconds,
        result.tokens() / seconds);
  }

  private static void printRow(PrintWriter out, String name, Perplexity.Figures figures) {
    Line.print(out, "%-24s %12.4f %14.4f%n", name, figures.perplexity(), figures.bitsPerByte());
  }
}

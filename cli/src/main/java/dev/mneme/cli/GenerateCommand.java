package dev.mneme.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.GeneratedToken;
import dev.mneme.Generation;
import dev.mneme.GenerationRequest;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.Sampling;
import dev.mneme.Vocabulary;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Streams a continuation of a prompt. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    description = "Continues a prompt with host and memories mixed.")
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
final class GenerateCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private ModelOptionsMixin models;

  @Option(
      names = "--prompt",
      required = true,
      paramLabel = "TEXT",
      description = "What to continue.")
  private String prompt;

  @Option(
      names = "--max-tokens",
      defaultValue = "256",
      paramLabel = "N",
      description = "Most tokens to generate. Default: ${DEFAULT-VALUE}.")
  private int maxTokens;

  @Option(
      names = "--temperature",
      defaultValue = "0",
      paramLabel = "T",
      description =
          "0 takes the likeliest token every time; 1 draws from the mixture as it is. Default:"
              + " ${DEFAULT-VALUE}.")
  private double temperature;

  @Option(
      names = "--top-k",
      defaultValue = "0",
      paramLabel = "K",
      description =
          "Draw among the K likeliest tokens; 0 or -1 among all. Default: ${DEFAULT-VALUE}.")
  private int topK;

  @Option(
      names = "--top-p",
      defaultValue = "1",
      paramLabel = "P",
      description =
          "Draw among the likeliest tokens that together have probability P; 1 among all. Default:"
              + " ${DEFAULT-VALUE}.")
  private double topP;

  @Option(
      names = "--min-p",
      defaultValue = "0",
      paramLabel = "P",
      description =
          "Leave out tokens less likely than P times the likeliest; 0 leaves out none. Default:"
              + " ${DEFAULT-VALUE}.")
  private double minP;

  @Option(
      names = "--repetition-penalty",
      defaultValue = "1",
      paramLabel = "R",
      description =
          "Above 1 makes tokens of the last 64 less likely; 1 does nothing. Default:"
              + " ${DEFAULT-VALUE}.")
  private double repetitionPenalty;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description =
          "Makes drawing repeatable; a negative number draws anew each time. Default: -1.")
  private @Nullable Long seed;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description =
          "End before this text appears, or at the control token of this name. Repeat it for"
              + " several.")
  private List<String> stops = new ArrayList<>();

  @Option(
      names = "--explain",
      description = "Show for each token how much of its probability each memory gave.")
  private boolean explain;

  @Option(names = "--json", description = "Print one JSON object instead of text.")
  private boolean json;

  @Override
  public Integer call() {
    checkOptions();
    Sampling sampling =
        new Sampling(
            temperature, topK, topP, minP, repetitionPenalty, 64, seed == null ? -1 : seed);
    GenerationRequest request =
        GenerationRequest.of(prompt)
            .withMaxTokens(maxTokens)
            .withSampling(sampling)
            .withStopStrings(stops);
    PrintWriter out = spec.commandLine().getOut();
    try (MemoryAugmentedModel model = models.open()) {
      if (json) {
        out.println(Json.write(toJson(model.generate(request), model.host().vocabulary())));
      } else if (explain) {
        Explanation.write(model, request, spec.commandLine().getColorScheme().ansi(), out);
      } else {
        Generation generation =
            model.stream(
                request,
                token -> {
                  out.print(token.text());
                  out.flush();
                });
        out.println();
        report(generation);
      }
      out.flush();
    }
    return 0;
  }

  private void checkOptions() {
    OptionRange.atLeast("--max-tokens", maxTokens, 1, "");
    OptionRange.within(
        "--temperature", temperature, 0, 100, "0 takes the likeliest token every time");
    OptionRange.atLeast("--top-k", topK, -1, "0 and -1 draw among all tokens");
    OptionRange.above(
        "--top-p", topP, 0, 1, "1 draws among all tokens, --temperature 0 takes the likeliest");
    OptionRange.within("--min-p", minP, 0, 1, "0 leaves out nothing");
    OptionRange.within("--repetition-penalty", repetitionPenalty, 1, 100, "1 does nothing");
    OptionRange.noneEmpty("--stop", stops);
  }

  private void report(Generation generation) {
    if (Progress.onTerminal()) {
      spec.commandLine()
          .getErr()
          .printf(
              Locale.ROOT,
              "%d tokens, %.1f a second%n",
              generation.tokens().size(),
              generation.tokensPerSecond());
    }
  }

  private ObjectNode toJson(Generation generation, Vocabulary vocabulary) {
    ObjectNode node =
        Json.object()
            .put("text", generation.text())
            .put("finish", generation.finish().name().toLowerCase(Locale.ROOT))
            .put("promptTokens", generation.promptTokens())
            .put("generatedTokens", generation.tokens().size())
            .put("hostOnlyTokens", generation.hostOnlyTokens());
    node.set("memories", Json.memories(generation.memories()));
    if (explain) {
      ArrayNode tokens = node.putArray("tokens");
      for (GeneratedToken token : generation.tokens()) {
        ObjectNode entry =
            tokens
                .addObject()
                .put("id", token.id())
                .put("token", vocabulary.describe(token.id()))
                .put("text", token.text())
                .put("logProbability", token.logProbability());
        token.shares().forEach(entry.putObject("shares")::put);
      }
    }
    return node.put("promptSeconds", generation.promptSeconds())
        .put("seconds", generation.decodeSeconds())
        .put("tokensPerSecond", generation.tokensPerSecond());
  }
}

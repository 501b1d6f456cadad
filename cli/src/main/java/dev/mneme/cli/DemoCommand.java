package dev.mneme.cli;

import dev.mneme.GenerationRequest;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MnemeException;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.llamacpp.LlamaCppMemoryDecoder;
import dev.mneme.llamacpp.LlamaCppOptions;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.GgufConverter;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The main job from end to end, on models the checkout makes by itself. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Makes a tiny host and a tiny law memory, attaches the memory and shows what it changes.",
      "Both are bigram models counted on a paragraph, not trained networks; everything else is"
          + " real."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated field
final class DemoCommand implements Callable<Integer> {

  private static final String PASSAGE =
      "the court held that the landlord shall give written notice to the tenant . the buyer may end"
          + " the agreement by written notice to the seller .";
  private static final String PROMPT = "the court held that";
  private static final double LAMBDA = 0.6;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Path directory = temporaryDirectory();
    try {
      run(directory, out);
      out.flush();
    } finally {
      delete(directory);
    }
    return 0;
  }

  private void run(Path directory, PrintWriter out) {
    String everyday = resource("everyday.txt");
    String law = resource("law.txt");
    var counted = new CountedModel(everyday, law);
    Path hostDirectory = subdirectory(directory, "host");
    Path memoryDirectory = subdirectory(directory, "memory");
    counted.write(hostDirectory, everyday);
    counted.write(memoryDirectory, law);
    Path hostFile = directory.resolve("host.gguf");
    GgufConverter.convertHost(hostDirectory, hostFile, WeightType.F32);
    MemoryPack pack =
        MemoryPack.importFrom(memoryDirectory, "law", "law", directory.resolve("pack"));
    out.printf(
        "A host counted on everyday sentences, a memory counted on a paragraph of law (%d word"
            + " pieces).%n",
        counted.pieces());
    out.printf(
        "They are not trained networks: the text is as plain as a bigram model's can be.%n%n");

    try (var model = MemoryAugmentedModel.over(LlamaCppHost.open(hostFile))) {
      double before = model.score(PASSAGE).perplexity();
      String alone = generate(model);
      model.attach(
          LlamaCppMemoryDecoder.open(
              pack, WeightType.F32, LlamaCppOptions.defaults(), directory.resolve("cache")),
          LambdaPolicy.fixed(LAMBDA));
      double after = model.score(PASSAGE).perplexity();
      out.printf("prompt        %s%n", PROMPT);
      out.printf("host alone   %s%n", alone);
      out.printf("with memory  %s%n%n", generate(model));
      out.printf(
          Locale.ROOT,
          "perplexity of a passage of law: %.1f alone, %.1f with the memory at lambda %.1f%n%n",
          before,
          after,
          LAMBDA);
      out.println("what the memory gave:");
      Explanation.write(
          model, request().withMaxTokens(8), spec.commandLine().getColorScheme().ansi(), out);
      out.printf(
          "%nmemory used: %s %s%n",
          model.memories().getFirst().name(), model.memories().getFirst().digest());
    }
  }

  private static GenerationRequest request() {
    return GenerationRequest.of(PROMPT).withMaxTokens(16);
  }

  private static String generate(MemoryAugmentedModel model) {
    return model.generate(request()).text();
  }

  private static String resource(String name) {
    try (InputStream in = DemoCommand.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the jar lacks " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new IllegalStateException("the jar cannot be read", e);
    }
  }

  private static Path temporaryDirectory() {
    try {
      return Files.createTempDirectory("mneme-demo");
    } catch (IOException e) {
      throw new MnemeException("cannot make a temporary folder: " + e.getMessage(), e);
    }
  }

  private static Path subdirectory(Path directory, String name) {
    try {
      return Files.createDirectory(directory.resolve(name));
    } catch (IOException e) {
      throw new MnemeException("cannot make a folder in " + directory + ": " + e.getMessage(), e);
    }
  }

  private static void delete(Path directory) {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new MnemeException("cannot remove " + directory + ": " + e.getMessage(), e);
    }
  }
}

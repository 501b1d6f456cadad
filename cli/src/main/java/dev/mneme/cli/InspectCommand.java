package dev.mneme.cli;

import dev.mneme.MnemeException;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.files.RegularFiles;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufTensor;
import dev.mneme.store.gguf.GgufValue;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.store.hf.MlpShape;
import dev.mneme.store.packs.Trust;
import dev.mneme.store.safetensors.SafeTensorsFile;
import dev.mneme.store.safetensors.TensorInfo;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what a file or pack holds; it is checked on the way. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    description =
        "Checks and describes a GGUF file, a SafeTensors file, a pack, a Hugging Face directory, or"
            + " a shipped pack or host by name.")
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
final class InspectCommand implements Callable<Integer> {

  private static final int LONGEST_VALUE = 100;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE_OR_DIR", description = "What to look at.")
  private String given;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Path path = Path.of(given);
    ClassPathModels models = ClassPathModels.here();
    if (Files.isDirectory(path)) {
      inspectPack(ModelNames.pack(given, Trust.OFF), out); // it is not run
    } else if (RegularFiles.exists(path) && given.endsWith(".safetensors")) {
      inspectSafeTensors(path, out);
    } else if (RegularFiles.exists(path)) {
      inspectGguf(path, out);
    } else if (ModelNames.isPack(given)) {
      inspectPack(ModelNames.pack(given, Trust.OFF), out); // it is not run
    } else if (models.hosts().contains(given)) {
      inspectGguf(ModelNames.host(given), out);
    } else {
      throw new MnemeException(
          "no such file or folder: %s; nor is it a name on the class path, which has %s and %s"
              .formatted(given, models.hosts(), models.packs()));
    }
    out.flush();
    return 0;
  }

  private static void inspectPack(MemoryPack pack, PrintWriter out) {
    Line.print(out, "pack        %s (%s)%n", pack.name(), pack.manifest().domain());
    Line.print(out, "digest      %s%n", pack.digest());
    Line.print(
        out,
        "model       %s %s, %d layers of width %d%n",
        pack.kind().label(),
        pack.network().architecture(),
        pack.network().layers(),
        pack.network().hidden());
    switch (pack.network()) {
      case HuggingFaceConfig config -> {
        Line.print(out, "context     %d%n", config.context());
        config
            .shape()
            .attention()
            .window()
            .ifPresent(
                window ->
                    Line.print(
                        out,
                        "window      %d tokens, in %d of %d blocks%n",
                        window.length(),
                        window.blocks().size(),
                        config.layers()));
      }
      case MlpShape shape -> Line.print(out, "input       %d floats of its host%n", shape.input());
    }
    Line.print(out, "vocabulary  %d ids%n", pack.vocabulary().size());
    Line.print(
        out,
        "lambda      %s%n",
        pack.recommendedLambda().isPresent() ? pack.manifest().lambda() : "not stated");
    Line.files(out, pack.manifest().files());
  }

  private static void inspectSafeTensors(Path path, PrintWriter out) {
    try (SafeTensorsFile file = SafeTensorsFile.open(path)) {
      file.metadata().forEach((key, value) -> Line.print(out, "%s = %s%n", key, value));
      for (TensorInfo tensor : file.tensors().values()) {
        Line.print(out, "%-60s %-6s %s%n", tensor.name(), tensor.dtype(), tensor.shape());
      }
      Line.print(out, "%d tensors%n", file.tensors().size());
    }
  }

  private static void inspectGguf(Path path, PrintWriter out) {
    GgufFile file = GgufFile.read(path);
    Line.print(out, "GGUF version %d%n", file.version());
    file.metadata().forEach((key, value) -> Line.print(out, "%s = %s%n", key, describe(value)));
    for (GgufTensor tensor : file.tensors().values()) {
      Line.print(out, "%-32s %-6s %s%n", tensor.name(), tensor.type(), tensor.dims());
    }
    Line.print(out, "%d tensors%n", file.tensors().size());
  }

  private static String describe(GgufValue value) {
    String text =
        switch (value) {
          case GgufValue.Int(_, long number) -> Long.toString(number);
          case GgufValue.Real(_, double number) -> Double.toString(number);
          case GgufValue.Bool(boolean truth) -> Boolean.toString(truth);
          case GgufValue.Text string -> string.toString();
          case GgufValue.Texts strings -> "[" + strings.length() + " strings]";
          case GgufValue.Numbers numbers -> "[" + numbers.length() + " numbers]";
        };
    return text.length() <= LONGEST_VALUE ? text : text.substring(0, LONGEST_VALUE) + " ...";
  }
}

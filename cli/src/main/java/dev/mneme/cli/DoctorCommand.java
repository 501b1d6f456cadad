package dev.mneme.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.llamacpp.Device;
import dev.mneme.llamacpp.LlamaCppLibrary;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows what GGUF models run on here, and what to change. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = {
      "Shows what Mneme found to run GGUF models on: JDK, processor, llama.cpp library and release,"
          + " processor features it uses, GPUs, thread settings and their risk; and what to"
          + " change.",
      "Ends with 1 if llama.cpp cannot be used."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
final class DoctorCommand implements Callable<Integer> {

  private static final double GB = 1e9;

  @Spec private CommandSpec spec;

  @Option(
      names = "--llama-library",
      paramLabel = "PATH",
      description =
          "The llama.cpp to look at: libllama, or the folder of a release. Default:"
              + " MNEME_LLAMA_LIBRARY, or else the bundled one.")
  private @Nullable Path library;

  @Option(names = "--json", description = "Print one JSON object instead of text.")
  private boolean json;

  @Override
  public Integer call() {
    Examination found = Examination.of(library);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.write(json(found)));
    } else {
      print(found, out);
    }
    out.flush();
    return found.library().isPresent() ? 0 : 1;
  }

  private static void print(Examination found, PrintWriter out) {
    Examination.Machine machine = found.machine();
    line(out, "Java", "%s, %s".formatted(machine.java(), machine.javaHome()));
    line(out, "", "native access %s".formatted(machine.nativeAccess() ? "allowed" : "not allowed"));
    line(out, "", "Vector API %s".formatted(machine.vectorApi() ? "on" : "off"));
    line(
        out,
        "processor",
        "%s, %d cores for Mneme, %.1f in use by all programs"
            .formatted(machine.processor(), machine.cores(), machine.load()));
    line(out, "memory", "%.1f GB".formatted(machine.memoryBytes() / GB));
    found.library().ifPresent(library -> print(library, out));
    found.failure().ifPresent(reason -> line(out, "llama.cpp", "cannot be used: " + reason));
    found.threads().forEach((name, value) -> line(out, name, value));
    found.trial().ifPresent(trial -> print(trial, out));
    out.println();
    out.println(found.advice().isEmpty() ? "Nothing to change." : "What to change:");
    found.advice().forEach(advice -> out.println("- " + advice));
  }

  private static void print(LlamaCppLibrary library, PrintWriter out) {
    line(out, "llama.cpp", library.origin());
    line(out, "release", library.release());
    line(out, "layouts", library.layouts());
    line(out, "uses", features(library.features()));
    for (Device device : library.devices()) {
      line(
          out,
          device.isGpu() ? "GPU" : "device",
          "%s (%s), %.1f GB"
              .formatted(device.name(), device.description(), device.totalBytes() / GB));
    }
    if (!library.hasGpu()) {
      line(out, "GPU", "none that this library can use");
    }
  }

  private static String features(Map<String, String> features) {
    return features.entrySet().stream()
        .filter(feature -> !feature.getValue().equals("0"))
        .map(f -> f.getValue().equals("1") ? f.getKey() : f.getKey() + " " + f.getValue())
        .collect(Collectors.joining(", "));
  }

  private static void print(List<ThreadTrial> trials, PrintWriter out) {
    for (ThreadTrial trial : trials) {
      line(
          out,
          "trial",
          "%s, %d thread%s: %.2f ms a token, longest step %.1f ms"
              .formatted(
                  ThreadTrial.HOST,
                  trial.threads(),
                  trial.threads() == 1 ? "" : "s",
                  trial.medianMillis(),
                  trial.longestMillis()));
    }
  }

  private static void line(PrintWriter out, String name, String value) {
    Line.print(out, "%-11s %s%n", name, value);
  }

  private static ObjectNode json(Examination found) {
    Examination.Machine machine = found.machine();
    ObjectNode root = Json.object();
    root.putObject("java")
        .put("version", machine.java())
        .put("home", machine.javaHome())
        .put("nativeAccess", machine.nativeAccess())
        .put("vectorApi", machine.vectorApi());
    root.putObject("machine")
        .put("processor", machine.processor())
        .put("cores", machine.cores())
        .put("load", machine.load())
        .put("memoryBytes", machine.memoryBytes());
    found.failure().ifPresent(reason -> root.putObject("llamaCpp").put("failure", reason));
    found.library().ifPresent(library -> json(library, root.putObject("llamaCpp")));
    ObjectNode threads = root.putObject("threads");
    found.threads().forEach(threads::put);
    var trials = root.putArray("trial");
    for (ThreadTrial trial : found.trial().orElse(List.of())) {
      trials
          .addObject()
          .put("host", ThreadTrial.HOST)
          .put("threads", trial.threads())
          .put("medianMillis", trial.medianMillis())
          .put("longestMillis", trial.longestMillis());
    }
    found.advice().forEach(root.putArray("advice")::add);
    return root;
  }

  private static void json(LlamaCppLibrary library, ObjectNode node) {
    node.put("origin", library.origin())
        .put("release", library.release())
        .put("layouts", library.layouts())
        .put("openMp", library.usesOpenMp());
    ObjectNode features = node.putObject("features");
    library.features().forEach(features::put);
    var devices = node.putArray("devices");
    for (Device device : library.devices()) {
      devices
          .addObject()
          .put("name", device.name())
          .put("description", device.description())
          .put("gpu", device.isGpu())
          .put("freeBytes", device.freeBytes())
          .put("totalBytes", device.totalBytes());
    }
  }
}

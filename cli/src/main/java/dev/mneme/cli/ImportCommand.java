package dev.mneme.cli;

import dev.mneme.HostIdentity;
import dev.mneme.Tap;
import dev.mneme.TappedHost;
import dev.mneme.store.HostNorms;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackLabel;
import dev.mneme.store.PackVersion;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.hf.MlpModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a pack of a Hugging Face directory. */
@Command(
    name = "import",
    mixinStandardHelpOptions = true,
    description = {
      "Makes a memory pack of a Memory Decoder or an MLP Memory in the Hugging Face layout.",
      "An MLP Memory reads the activations of one host, so it takes --host."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
final class ImportCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "HF_DIR",
      description = "Folder with config.json, tokenizer.json and safetensors weights.")
  private Path directory;

  @Option(
      names = "--name",
      required = true,
      paramLabel = "NAME",
      description = "What applications will call it: lower-case letters, digits, - _ .")
  private String name;

  @Option(
      names = "--domain",
      required = true,
      paramLabel = "TEXT",
      description = "What it knows, for people.")
  private String domain;

  @Option(
      names = "--pack-version",
      paramLabel = "VERSION",
      defaultValue = "1.0.0",
      description = "Which of the packs of this name. Default: ${DEFAULT-VALUE}.")
  private String version;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "PACK_DIR",
      description = "Folder to make; it must not exist.")
  private Path out;

  @Option(
      names = "--host",
      paramLabel = "HOST",
      description =
          "For an MLP Memory: the host it was trained on, a .gguf file, a Hugging Face folder or"
              + " a name.")
  private @Nullable String host;

  @Option(
      names = "--tap-block",
      paramLabel = "N",
      description =
          "For an MLP Memory: the host's block it reads, from 0, or from the end, -1 being the"
              + " last. Default: what mlp_memory_config.json says, or else -1.")
  private @Nullable Integer tapBlock;

  @Option(
      names = "--tap-point",
      paramLabel = "POINT",
      description = "For an MLP Memory: ffn_norm, the default, or l_out.")
  private @Nullable String tapPoint;

  @Override
  public Integer call() {
    if (host == null && (tapBlock != null || tapPoint != null)) {
      throw new IllegalArgumentException("--tap-block and --tap-point go with --host");
    }
    PackLabel label = PackLabel.of(name, domain).withVersion(version());
    MemoryPack pack =
        host == null
            ? MemoryPack.importFrom(directory, label, out)
            : MemoryPack.importFrom(directory, label, reads(host), out);
    Line.print(
        spec.commandLine().getOut(), "imported %s (%s) to %s%n", pack.name(), pack.digest(), out);
    return 0;
  }

  private PackVersion version() {
    return PackVersion.parse(version)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "--pack-version is three numbers, as 1.4.0, not " + version));
  }

  private TappedHost reads(String given) {
    Path path = ModelNames.host(given);
    HostIdentity identity =
        Files.isDirectory(path)
            ? HostNorms.ofHuggingFace(path)
            : HostNorms.ofGguf(GgufFile.read(path));
    int block =
        tapBlock == null ? MlpModel.layerPosition(directory).orElse(Tap.LAST_BLOCK) : tapBlock;
    String label = tapPoint == null ? Tap.Point.FEED_FORWARD_INPUT.label() : tapPoint;
    Tap.Point point =
        Tap.Point.ofLabel(label)
            .orElseThrow(
                () ->
                    new IllegalArgumentException("--tap-point is ffn_norm or l_out, not " + label));
    return new TappedHost(identity, new Tap(block, point));
  }
}

package dev.mneme.cli;

import dev.mneme.store.MemoryPack;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a pack of a Hugging Face directory. */
@Command(
    name = "import",
    mixinStandardHelpOptions = true,
    description = "Makes a memory pack of a Memory Decoder in the Hugging Face layout.")
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
      names = "--out",
      required = true,
      paramLabel = "PACK_DIR",
      description = "Folder to make; it must not exist.")
  private Path out;

  @Override
  public Integer call() {
    MemoryPack pack = MemoryPack.importFrom(directory, name, domain, out);
    spec.commandLine()
        .getOut()
        .println("imported " + pack.name() + " (" + pack.digest() + ") to " + out);
    return 0;
  }
}

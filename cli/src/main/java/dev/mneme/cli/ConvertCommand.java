package dev.mneme.cli;

import dev.mneme.MnemeException;
import dev.mneme.store.WeightType;
import dev.mneme.store.files.RegularFiles;
import dev.mneme.store.hf.GgufConverter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a GGUF host of a Hugging Face directory. */
@Command(
    name = "convert",
    mixinStandardHelpOptions = true,
    description =
        "Makes a GGUF host of a Hugging Face directory (Llama, Mistral, Qwen2, Qwen3, Gemma 3,"
            + " GPT-2 or GPT-NeoX).")
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
final class ConvertCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "HF_DIR",
      description = "Folder with config.json, tokenizer.json and safetensors weights.")
  private Path directory;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "HOST.gguf",
      description = "File to write.")
  private Path out;

  @Option(
      names = "--type",
      defaultValue = "F16",
      paramLabel = "TYPE",
      description = "Weights: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private WeightType type;

  @Override
  public Integer call() {
    if (RegularFiles.exists(out)) {
      throw new MnemeException(out + " exists already; choose another name or remove it");
    }
    GgufConverter.convertHost(directory, out, type);
    spec.commandLine().getOut().println("wrote " + out);
    return 0;
  }
}

package dev.mneme.djl;

import dev.mneme.HostLoader;
import dev.mneme.HostModel;
import dev.mneme.store.files.FolderKind;
import dev.mneme.store.files.RegularFiles;
import dev.mneme.store.hf.HuggingFaceConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Opens Hugging Face folders as hosts; found by {@link java.util.ServiceLoader}. */
public final class TorchHostLoader implements HostLoader {

  @Override
  public String engine() {
    return "PyTorch";
  }

  @Override
  public boolean accepts(Path path) {
    return RegularFiles.exists(path.resolve(HuggingFaceConfig.FILE));
  }

  @Override
  public Optional<String> explain(Path path) {
    return Files.isDirectory(path) ? FolderKind.of(path).withoutConfig() : Optional.empty();
  }

  @Override
  public HostModel load(Path path) {
    return TorchHost.open(path);
  }
}

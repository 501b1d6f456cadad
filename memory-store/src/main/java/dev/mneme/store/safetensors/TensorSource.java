package dev.mneme.store.safetensors;

import dev.mneme.FailureText;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The tensors of one model, in one file or several. Safe for use by several threads; whoever opened
 * it closes it, after which its data must not be touched.
 */
public interface TensorSource extends AutoCloseable {

  /** Every tensor by name. */
  Map<String, TensorInfo> tensors();

  /**
   * A tensor's bytes, mapped and read-only, little-endian.
   *
   * @throws IllegalArgumentException if there is no such tensor
   */
  MemorySegment data(String name);

  /** The files in which the data lies. */
  List<Path> files();

  @Override
  void close();

  /**
   * The weights of a Hugging Face directory: {@code model.safetensors}, or the shards that {@code
   * model.safetensors.index.json} names.
   *
   * @throws MnemeException if there are none; pickled weights are never opened
   */
  static TensorSource openDirectory(Path directory) {
    Path single = directory.resolve("model.safetensors");
    Path index = directory.resolve("model.safetensors.index.json");
    if (Files.exists(single)) {
      return SafeTensorsFile.open(single);
    }
    if (Files.exists(index)) {
      return ShardedSafeTensors.open(index);
    }
    if (!Files.isDirectory(directory)) {
      throw new MnemeException("no such directory: " + directory);
    }
    List<String> pickles = pickles(directory);
    if (!pickles.isEmpty()) {
      throw new MalformedFileException(
          "%s holds its weights as a pickle (%s), which can run any code when opened; load them in Python where they came from and save them as model.safetensors, with model.save_pretrained(dir, safe_serialization=True)"
              .formatted(directory, String.join(", ", pickles)));
    }
    throw new MnemeException(
        directory + " holds no model.safetensors and no model.safetensors.index.json");
  }

  private static List<String> pickles(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(
              name -> name.toLowerCase(Locale.ROOT).matches(".*\\.(bin|pt|pth|ckpt|pkl|pickle)"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new MnemeException("cannot list " + directory + ": " + FailureText.of(e), e);
    }
  }
}

package dev.mneme.store.safetensors;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.files.FolderKind;
import dev.mneme.store.files.RegularFiles;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

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
    if (RegularFiles.exists(single)) {
      return SafeTensorsFile.open(single);
    }
    if (RegularFiles.exists(index)) {
      return ShardedSafeTensors.open(index);
    }
    if (!Files.isDirectory(directory)) {
      throw new MnemeException("no such folder: " + directory);
    }
    throw FolderKind.of(directory)
        .withoutWeights()
        .<MnemeException>map(found -> new MalformedFileException(directory + " " + found))
        .orElseGet(
            () ->
                new MnemeException(
                    directory + " holds no model.safetensors and no model.safetensors.index.json"));
  }
}

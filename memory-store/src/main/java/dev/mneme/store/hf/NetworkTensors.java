package dev.mneme.store.hf;

import com.google.common.base.Preconditions;
import dev.mneme.store.safetensors.TensorInfo;
import dev.mneme.store.safetensors.TensorSource;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Those of a folder's tensors that belong to its network, by their full names. Closing it closes
 * the files.
 */
final class NetworkTensors implements TensorSource {

  private final TensorSource all;
  private final Map<String, String> stored;
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

  /**
   * Takes the source over.
   *
   * @param stored the names in the source, which must be there, by full names
   */
  NetworkTensors(TensorSource all, Map<String, String> stored) {
    this.all = all;
    this.stored = Map.copyOf(stored);
    stored.forEach(
        (full, name) ->
            tensors.put(full, Preconditions.checkNotNull(all.tensors().get(name), name)));
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public MemorySegment data(String name) {
    String inFile = stored.get(name);
    if (inFile == null) {
      throw new IllegalArgumentException("the network has no tensor " + name);
    }
    return all.data(inFile);
  }

  @Override
  public List<Path> files() {
    return all.files();
  }

  @Override
  public void close() {
    all.close();
  }
}

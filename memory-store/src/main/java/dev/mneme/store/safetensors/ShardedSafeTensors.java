package dev.mneme.store.safetensors;

import dev.mneme.MalformedFileException;
import dev.mneme.store.files.RegularFiles;
import dev.mneme.store.json.JsonValue;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A model split over several SafeTensors files, as {@code model.safetensors.index.json} says. */
public final class ShardedSafeTensors implements TensorSource {

  /** Enough for a hundred thousand tensors with long names. */
  private static final long MOST_INDEX_BYTES = 64L << 20;

  private final Map<String, SafeTensorsFile> shards = new TreeMap<>();
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
  private final Map<String, SafeTensorsFile> owner = new LinkedHashMap<>();

  private ShardedSafeTensors() {}

  /**
   * Opens every shard of an index.
   *
   * @throws MalformedFileException for a shard outside the folder, a missing one, or a tensor that
   *     is not where the index says, or in two shards
   */
  public static ShardedSafeTensors open(Path index) {
    var model = new ShardedSafeTensors();
    try {
      model.load(index);
      return model;
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  private void load(Path index) {
    Map<String, JsonValue> map =
        JsonValue.read(index, MOST_INDEX_BYTES).get("weight_map").members();
    if (map.isEmpty()) {
      throw new MalformedFileException(
          index + " has no weight_map that names a shard for each tensor");
    }
    for (Map.Entry<String, JsonValue> entry : map.entrySet()) {
      SafeTensorsFile shard = shard(index, entry.getValue().string());
      TensorInfo tensor = shard.tensors().get(entry.getKey());
      if (tensor == null) {
        throw new MalformedFileException(
            "%s says that %s lies in %s, but it does not"
                .formatted(index, entry.getKey(), shard.path().getFileName()));
      }
      tensors.put(entry.getKey(), tensor);
      owner.put(entry.getKey(), shard);
    }
    for (SafeTensorsFile shard : shards.values()) {
      for (String name : shard.tensors().keySet()) {
        if (owner.get(name) != shard) { // identity: each file is opened once
          throw new MalformedFileException(
              "%s holds the tensor %s, which %s places elsewhere or not at all"
                  .formatted(shard.path(), name, index));
        }
      }
    }
  }

  private SafeTensorsFile shard(Path index, String name) {
    SafeTensorsFile open = shards.get(name);
    if (open != null) {
      return open;
    }
    if (!name.matches("[A-Za-z0-9_][A-Za-z0-9._-]*")) {
      throw new MalformedFileException(
          "%s names the shard %s, which is not a plain file name in the same folder"
              .formatted(index, name));
    }
    Path file = index.resolveSibling(name);
    Optional<String> problem = RegularFiles.problem(file); // links are followed: caches use them
    if (problem.isPresent()) {
      throw new MalformedFileException(
          "%s names the shard %s, which %s; get all shards again"
              .formatted(index, name, problem.get()));
    }
    SafeTensorsFile shard = SafeTensorsFile.open(file);
    shards.put(name, shard);
    return shard;
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public MemorySegment data(String name) {
    SafeTensorsFile shard = owner.get(name);
    if (shard == null) {
      throw new IllegalArgumentException("no shard has a tensor " + name);
    }
    return shard.data(name);
  }

  @Override
  public List<Path> files() {
    return shards.values().stream().map(SafeTensorsFile::path).toList();
  }

  @Override
  public void close() {
    shards.values().forEach(SafeTensorsFile::close);
  }
}

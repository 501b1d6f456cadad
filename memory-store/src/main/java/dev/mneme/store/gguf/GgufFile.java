package dev.mneme.store.gguf;

import dev.mneme.MalformedFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a GGUF file says about itself: metadata and tensor table, checked against the format's rules
 * and the file's size. Immutable; holds no open file and no weights.
 */
public final class GgufFile {

  private final Path path;
  private final int version;
  private final Map<String, GgufValue> metadata;
  private final Map<String, GgufTensor> tensors;

  GgufFile(
      Path path, int version, Map<String, GgufValue> metadata, Map<String, GgufTensor> tensors) {
    this.path = path;
    this.version = version;
    this.metadata = Collections.unmodifiableMap(metadata);
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /**
   * Reads and checks the header. Allocates no more than the file is large.
   *
   * @throws MalformedFileException naming the broken rule and its place
   * @throws dev.mneme.MnemeException if the file cannot be read
   */
  public static GgufFile read(Path path) {
    return GgufReader.read(path);
  }

  public Path path() {
    return path;
  }

  public int version() {
    return version;
  }

  /** All metadata, in file order. */
  public Map<String, GgufValue> metadata() {
    return metadata;
  }

  /** All tensors by name, in file order. */
  public Map<String, GgufTensor> tensors() {
    return tensors;
  }

  public Optional<String> string(String key) {
    return Optional.ofNullable(value(key, GgufValue.Text.class)).map(GgufValue.Text::value);
  }

  public OptionalLong integer(String key) {
    GgufValue.Whole whole = value(key, GgufValue.Whole.class);
    return whole == null ? OptionalLong.empty() : OptionalLong.of(whole.value());
  }

  public OptionalDouble real(String key) {
    GgufValue.Real real = value(key, GgufValue.Real.class);
    return real == null ? OptionalDouble.empty() : OptionalDouble.of(real.value());
  }

  public Optional<Boolean> bool(String key) {
    return Optional.ofNullable(value(key, GgufValue.Truth.class)).map(GgufValue.Truth::value);
  }

  /** An array of strings; empty when absent. */
  public List<String> strings(String key) {
    return items(key, GgufValue.Text.class, GgufValue.Text::value);
  }

  /** An array of floats; empty when absent. */
  public List<Double> reals(String key) {
    return items(key, GgufValue.Real.class, GgufValue.Real::value);
  }

  /** An array of integers; empty when absent. */
  public List<Long> integers(String key) {
    return items(key, GgufValue.Whole.class, GgufValue.Whole::value);
  }

  private <V extends GgufValue, T> List<T> items(String key, Class<V> kind, Function<V, T> map) {
    GgufValue.Items items = value(key, GgufValue.Items.class);
    return items == null
        ? List.of()
        : items.values().stream().map(item -> map.apply(cast(key, item, kind))).toList();
  }

  private <V extends GgufValue> @Nullable V value(String key, Class<V> kind) {
    GgufValue found = metadata.get(key);
    return found == null ? null : cast(key, found, kind);
  }

  private <V extends GgufValue> V cast(String key, GgufValue found, Class<V> kind) {
    if (!kind.isInstance(found)) {
      throw new MalformedFileException(
          "%s: the value of %s should be %s, but is %s"
              .formatted(path, key, kind.getSimpleName(), found.getClass().getSimpleName()));
    }
    return kind.cast(found);
  }
}

package dev.mneme.store.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.SafeTensorsFile;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Changes a model folder on disk, to make it wrong or unusual in one way. */
public final class ModelEdit {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final ValueLayout.OfFloat FLOATS =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private ModelEdit() {}

  /** Rewrites a JSON file of the folder. */
  public static void json(Path directory, String file, Consumer<ObjectNode> edit) {
    Path path = directory.resolve(file);
    try {
      ObjectNode json =
          Files.exists(path)
              ? (ObjectNode) MAPPER.readTree(path.toFile())
              : MAPPER.createObjectNode();
      edit.accept(json);
      MAPPER.writeValue(path.toFile(), json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Rewrites {@code model.safetensors}; the map's order is the file's. */
  public static void tensors(Path directory, Consumer<Map<String, Entry>> edit) {
    Map<String, Entry> entries = readTensors(directory);
    edit.accept(entries);
    SafeTensorsWriter.write(
        directory.resolve("model.safetensors"), Map.of(), new ArrayList<>(entries.values()));
  }

  /** Stores all tensors in bfloat16, with the lower half of each number cut off. */
  public static void bfloat16(Path directory) {
    tensors(
        directory,
        entries ->
            entries.replaceAll(
                (name, entry) -> {
                  float[] floats = entry.data().toArray(FLOATS);
                  byte[] bytes = new byte[floats.length * Short.BYTES];
                  ByteBuffer halves = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
                  for (float number : floats) {
                    halves.putShort((short) (Float.floatToRawIntBits(number) >>> Short.SIZE));
                  }
                  MemorySegment data = MemorySegment.ofArray(bytes);
                  return new Entry(name, Dtype.BF16, entry.shape(), data);
                }));
  }

  /** Splits {@code model.safetensors} into two shards with an index. */
  public static void shard(Path directory) {
    List<Entry> entries = new ArrayList<>(readTensors(directory).values());
    int half = entries.size() / 2;
    List<String> files =
        List.of("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors");
    List<List<Entry>> parts =
        List.of(entries.subList(0, half), entries.subList(half, entries.size()));
    try {
      Files.delete(directory.resolve("model.safetensors"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    json(
        directory,
        "model.safetensors.index.json",
        index -> {
          ObjectNode places = index.putObject("weight_map");
          for (int i = 0; i < files.size(); i++) {
            SafeTensorsWriter.write(directory.resolve(files.get(i)), Map.of(), parts.get(i));
            for (Entry entry : parts.get(i)) {
              places.put(entry.name(), files.get(i));
            }
          }
        });
  }

  private static Map<String, Entry> readTensors(Path directory) {
    var entries = new LinkedHashMap<String, Entry>();
    try (SafeTensorsFile file = SafeTensorsFile.open(directory.resolve("model.safetensors"))) {
      file.tensors()
          .values()
          .forEach(
              tensor ->
                  entries.put(
                      tensor.name(),
                      new Entry(
                          tensor.name(),
                          tensor.dtype(),
                          tensor.shape(),
                          MemorySegment.ofArray(
                              file.data(tensor.name()).toArray(ValueLayout.JAVA_BYTE)))));
    }
    return entries;
  }
}

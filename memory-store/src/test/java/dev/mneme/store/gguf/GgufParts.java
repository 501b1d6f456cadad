package dev.mneme.store.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** Splits a GGUF file into parts, as {@code llama-gguf-split} does. */
public final class GgufParts {

  private GgufParts() {}

  /**
   * Writes the parts beside each other: the metadata into the first, the tensors in turn.
   *
   * @param model how the names begin
   * @return the files, in order
   */
  public static List<Path> write(Path source, Path folder, String model, int count) {
    return write(source, folder, model, count, (index, writer) -> {});
  }

  /**
   * Writes the parts, with more keys in each.
   *
   * @param more adds keys to a part by its index
   */
  public static List<Path> write(
      Path source, Path folder, String model, int count, BiConsumer<Integer, GgufWriter> more) {
    GgufFile file = GgufFile.read(source);
    List<GgufTensor> tensors = List.copyOf(file.tensors().values());
    var paths = new ArrayList<Path>();
    for (int part = 0; part < count; part++) {
      var writer = new GgufWriter();
      if (part == 0) {
        file.metadata().forEach(writer::put);
      }
      writer
          .put("split.no", uint16(part))
          .put("split.count", uint16(count))
          .put("split.tensors.count", new GgufValue.Int(GgufValue.Type.INT32, tensors.size()));
      more.accept(part, writer);
      for (int i = part; i < tensors.size(); i += count) {
        GgufTensor tensor = tensors.get(i);
        writer.addTensor(
            tensor.name(), tensor.type(), tensor.dims(), out -> copy(source, tensor, out));
      }
      Path path = folder.resolve("%s-%05d-of-%05d.gguf".formatted(model, part + 1, count));
      writer.write(path);
      paths.add(path);
    }
    return paths;
  }

  /** A number in the type of the keys that count parts. */
  public static GgufValue uint16(int value) {
    return new GgufValue.Int(GgufValue.Type.UINT16, value);
  }

  private static void copy(Path source, GgufTensor tensor, WritableByteChannel out)
      throws IOException {
    ByteBuffer data = ByteBuffer.allocate(Math.toIntExact(tensor.bytes()));
    try (FileChannel channel = FileChannel.open(source)) {
      while (data.hasRemaining() && channel.read(data, tensor.offset() + data.position()) >= 0) {
        // Reads on.
      }
    }
    GgufWriter.writeFully(out, data.flip());
  }
}

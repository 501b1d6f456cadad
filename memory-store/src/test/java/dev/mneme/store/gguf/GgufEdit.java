package dev.mneme.store.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A GGUF file with some values or tensor types changed, written anew: the file keeps every rule of
 * the format, so that only what it says is wrong. A tensor of another type or shape gets the old
 * bytes, cut or padded with zeros.
 */
public final class GgufEdit {

  private record Shape(GgufType type, List<Long> dims) {}

  private final Path source;
  private final GgufFile file;
  private final Map<String, GgufValue> metadata;
  private final Map<String, Shape> shapes = new HashMap<>();

  private GgufEdit(Path source) {
    this.source = source;
    this.file = GgufFile.read(source);
    this.metadata = new LinkedHashMap<>(file.metadata());
    file.tensors().forEach((name, t) -> shapes.put(name, new Shape(t.type(), t.dims())));
  }

  public static GgufEdit of(Path source) {
    return new GgufEdit(source);
  }

  public GgufEdit putUint32(String key, long value) {
    return put(key, new GgufValue.Int(GgufValue.Type.UINT32, value));
  }

  public GgufEdit put(String key, String value) {
    return put(key, new GgufValue.Text(value));
  }

  public GgufEdit put(String key, boolean value) {
    return put(key, new GgufValue.Bool(value));
  }

  public GgufEdit put(String key, float value) {
    return put(key, new GgufValue.Real(GgufValue.Type.FLOAT32, value));
  }

  /** An array of numbers whose items have one byte. */
  public GgufEdit putBytes(String key, byte[] items) {
    return put(key, new GgufValue.Numbers(GgufValue.Type.INT8, items));
  }

  private GgufEdit put(String key, GgufValue value) {
    metadata.put(key, value);
    return this;
  }

  /** Gives the token of an id another name. */
  public GgufEdit token(int id, String name) {
    byte[][] tokens = file.byteStrings("tokenizer.ggml.tokens");
    if (metadata.get("tokenizer.ggml.tokens") instanceof GgufValue.Texts texts) {
      tokens = texts.items();
    }
    tokens[id] = name.getBytes(StandardCharsets.UTF_8);
    return put("tokenizer.ggml.tokens", GgufValue.Texts.of(tokens));
  }

  public int tokenCount() {
    return file.byteStrings("tokenizer.ggml.tokens").length;
  }

  public GgufEdit type(String tensor, GgufType type) {
    return shape(tensor, type, Objects.requireNonNull(file.tensors().get(tensor), tensor).dims());
  }

  public GgufEdit dims(String tensor, Long... dims) {
    return shape(
        tensor, Objects.requireNonNull(file.tensors().get(tensor), tensor).type(), List.of(dims));
  }

  private GgufEdit shape(String tensor, GgufType type, List<Long> dims) {
    shapes.put(tensor, new Shape(type, dims));
    return this;
  }

  public Path write(Path target) {
    var writer = new GgufWriter();
    metadata.forEach(writer::put);
    file.tensors()
        .forEach(
            (name, tensor) -> {
              Shape shape = Objects.requireNonNull(shapes.get(name));
              long bytes = shape.type.tensorBytes(shape.dims);
              writer.addTensor(name, shape.type, shape.dims, out -> copy(tensor, bytes, out));
            });
    writer.write(target);
    return target;
  }

  private void copy(GgufTensor tensor, long bytes, WritableByteChannel out) throws IOException {
    ByteBuffer data = ByteBuffer.allocate(Math.toIntExact(bytes));
    data.limit((int) Math.min(bytes, tensor.bytes()));
    try (FileChannel channel = FileChannel.open(source)) {
      while (data.hasRemaining() && channel.read(data, tensor.offset() + data.position()) >= 0) {
        // Reads on.
      }
    }
    GgufWriter.writeFully(out, data.clear());
  }
}

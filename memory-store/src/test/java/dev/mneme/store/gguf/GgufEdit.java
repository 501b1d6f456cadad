package dev.mneme.store.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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
  private final Map<String, Shape> shapes = new LinkedHashMap<>();

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

  public GgufEdit putUint64(String key, long value) {
    return put(key, new GgufValue.Int(GgufValue.Type.UINT64, value));
  }

  /** An array of signed numbers of 32 bits. */
  public GgufEdit putInts(String key, int... values) {
    ByteBuffer items =
        ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    items.asIntBuffer().put(values);
    return put(key, new GgufValue.Numbers(GgufValue.Type.INT32, items.array()));
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

  public GgufEdit put(String key, GgufValue value) {
    metadata.put(key, value);
    return this;
  }

  /** An array of 32-bit floats. */
  public static GgufValue floats(float... values) {
    ByteBuffer items =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    items.asFloatBuffer().put(values);
    return new GgufValue.Numbers(GgufValue.Type.FLOAT32, items.array());
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
    return shape(tensor, type, Objects.requireNonNull(shapes.get(tensor), tensor).dims());
  }

  public GgufEdit dims(String tensor, Long... dims) {
    return shape(tensor, Objects.requireNonNull(shapes.get(tensor), tensor).type(), List.of(dims));
  }

  /** Adds a tensor of zeros. */
  public GgufEdit add(String tensor, GgufType type, Long... dims) {
    return shape(tensor, type, List.of(dims));
  }

  public GgufEdit remove(String tensor) {
    shapes.remove(tensor);
    return this;
  }

  private GgufEdit shape(String tensor, GgufType type, List<Long> dims) {
    shapes.put(tensor, new Shape(type, dims));
    return this;
  }

  public Path write(Path target) {
    var writer = new GgufWriter();
    metadata.forEach(writer::put);
    shapes.forEach(
        (name, shape) -> {
          GgufTensor tensor = file.tensors().get(name);
          long bytes = shape.type.tensorBytes(shape.dims);
          writer.addTensor(name, shape.type, shape.dims, out -> copy(tensor, bytes, out));
        });
    writer.write(target);
    return target;
  }

  private void copy(@Nullable GgufTensor tensor, long bytes, WritableByteChannel out)
      throws IOException {
    ByteBuffer data = ByteBuffer.allocate(Math.toIntExact(bytes));
    if (tensor == null) {
      GgufWriter.writeFully(out, data);
      return;
    }
    data.limit((int) Math.min(bytes, tensor.bytes()));
    try (FileChannel channel = FileChannel.open(source)) {
      while (data.hasRemaining() && channel.read(data, tensor.offset() + data.position()) >= 0) {
        // Reads on.
      }
    }
    GgufWriter.writeFully(out, data.clear());
  }

  /** The bytes of a file whose tensors are aligned anew; each keeps its data. */
  public static byte[] aligned(Path source, int alignment) throws IOException {
    GgufFile file = GgufFile.read(source);
    byte[] bytes = Files.readAllBytes(source);
    GgufBytes out = GgufBytes.header(file.tensors().size(), file.metadata().size() + 1L);
    file.metadata().forEach(out::entry);
    out.entry("general.alignment", new GgufValue.Int(GgufValue.Type.UINT32, alignment));
    long offset = 0;
    for (GgufTensor tensor : file.tensors().values()) {
      long[] dims = tensor.dims().stream().mapToLong(Long::longValue).toArray();
      out.tensor(tensor.name(), tensor.type().id(), offset, dims);
      offset = GgufParser.align(offset + tensor.bytes(), alignment);
    }
    out.padded(alignment);
    for (GgufTensor tensor : file.tensors().values()) {
      int from = (int) tensor.offset();
      out.data(Arrays.copyOfRange(bytes, from, from + (int) tensor.bytes())).padded(alignment);
    }
    return out.toByteArray();
  }
}

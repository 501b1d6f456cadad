package dev.mneme.store.gguf;

import com.google.common.base.Preconditions;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.store.files.UnfinishedFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Collects metadata and tensors and writes them as a GGUF file: version 3, little-endian, data
 * aligned at 32 bytes. The same content gives the same bytes. For one thread.
 */
public final class GgufWriter {
  private static final int VERSION = 3;
  private static final int ALIGNMENT = GgufParser.DEFAULT_ALIGNMENT;

  private record Entry(GgufType type, List<Long> dims, long bytes, TensorData data) {}

  private final Map<String, GgufValue> metadata = new LinkedHashMap<>();
  private final Map<String, Entry> tensors = new LinkedHashMap<>();

  /** Adds a string. */
  public GgufWriter put(String key, String value) {
    return put(key, new GgufValue.Text(value));
  }

  /** Adds a whole number from 0 to 2^32 - 1. */
  public GgufWriter putUint32(String key, long value) {
    Preconditions.checkArgument(
        value >= 0 && value < 1L << 32, "%s for key \"%s\" is no uint32", value, key);
    return put(key, new GgufValue.Int(GgufValue.Type.UINT32, value));
  }

  /** Adds a whole number of 64 bits, taken as unsigned. */
  public GgufWriter putUint64(String key, long value) {
    return put(key, new GgufValue.Int(GgufValue.Type.UINT64, value));
  }

  /** Adds a 32-bit float. */
  public GgufWriter putFloat32(String key, float value) {
    return put(key, new GgufValue.Real(GgufValue.Type.FLOAT32, value));
  }

  /** Adds true or false. */
  public GgufWriter putBool(String key, boolean value) {
    return put(key, new GgufValue.Bool(value));
  }

  /** Adds an array of strings. */
  public GgufWriter putStrings(String key, List<String> values) {
    return put(key, GgufValue.Texts.of(values));
  }

  /** Adds an array of 32-bit floats. */
  public GgufWriter putFloats(String key, float[] values) {
    byte[] items = new byte[Math.multiplyExact(values.length, Float.BYTES)];
    ByteBuffer.wrap(items).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
    return put(key, new GgufValue.Numbers(GgufValue.Type.FLOAT32, items));
  }

  /** Adds an array of signed 32-bit numbers. */
  public GgufWriter putInts(String key, int[] values) {
    byte[] items = new byte[Math.multiplyExact(values.length, Integer.BYTES)];
    ByteBuffer.wrap(items).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().put(values);
    return put(key, new GgufValue.Numbers(GgufValue.Type.INT32, items));
  }

  /**
   * Adds a value, such as one taken over from another file.
   *
   * @throws IllegalArgumentException if the key is empty, too long or there already, or is the
   *     alignment, which is always 32
   */
  public GgufWriter put(String key, GgufValue value) {
    checkName("key", key, GgufParser.MAX_KEY_BYTES);
    Preconditions.checkArgument(
        !key.equals(GgufParser.ALIGNMENT_KEY), "%s is not for callers: it is always 32", key);
    Preconditions.checkArgument(
        metadata.putIfAbsent(key, value) == null, "key \"%s\" is there already", key);
    return this;
  }

  /**
   * Adds a tensor; its data is asked for when the file is written.
   *
   * @param dims one to four lengths in ggml's order, the row length first
   * @throws IllegalArgumentException if the name is empty, longer than 63 bytes or there already,
   *     if a length is not positive, or if the row is not a whole number of the type's blocks
   */
  public GgufWriter addTensor(String name, GgufType type, List<Long> dims, TensorData data) {
    checkName("tensor name", name, GgufParser.MAX_NAME_BYTES);
    Preconditions.checkArgument(
        !dims.isEmpty() && dims.size() <= GgufParser.MAX_DIMENSIONS,
        "tensor \"%s\" has %s dimensions, expected 1 to %s",
        name,
        dims.size(),
        GgufParser.MAX_DIMENSIONS);
    Preconditions.checkArgument(
        dims.stream().allMatch(dim -> dim > 0), "tensor \"%s\" has lengths %s", name, dims);
    var entry = new Entry(type, List.copyOf(dims), type.tensorBytes(dims), data);
    Preconditions.checkArgument(
        tensors.putIfAbsent(name, entry) == null, "tensor \"%s\" is there already", name);
    return this;
  }

  /**
   * Writes the file. It appears under its name only when complete; an older file of that name is
   * then replaced. When writing fails, nothing of it stays.
   *
   * @throws MnemeException if the file cannot be written
   * @throws IllegalStateException if a tensor's data has not the length its type and dimensions say
   */
  public void write(Path file) {
    try (UnfinishedFile unfinished = UnfinishedFile.of(file)) {
      try (FileChannel channel =
          FileChannel.open(
              unfinished.path(), StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
        writeTo(channel);
        channel.force(true);
      }
      unfinished.complete();
    } catch (NoSuchFileException e) {
      throw new MnemeException(
          "cannot write the GGUF file %s: its folder does not exist; make it first".formatted(file),
          e);
    } catch (IOException e) {
      throw new MnemeException(
          "cannot write the GGUF file %s: %s; check the folder and the free space"
              .formatted(file, FailureText.of(e)),
          e);
    }
  }

  private void writeTo(FileChannel channel) throws IOException {
    writeFully(channel, ByteBuffer.wrap(header()));
    for (Map.Entry<String, Entry> tensor : tensors.entrySet()) {
      pad(channel);
      var data = new MeasuredChannel(channel, tensor.getKey(), tensor.getValue().bytes());
      tensor.getValue().data().writeTo(data);
      data.checkComplete();
    }
    pad(channel);
  }

  private byte[] header() {
    var out = new ByteArrayOutputStream();
    out.writeBytes(GgufParser.MAGIC);
    writeInt(out, VERSION);
    writeLong(out, tensors.size());
    writeLong(out, metadata.size());
    metadata.forEach(
        (key, value) -> {
          writeString(out, key.getBytes(StandardCharsets.UTF_8));
          writeValue(out, value);
        });
    long offset = 0;
    for (Map.Entry<String, Entry> tensor : tensors.entrySet()) {
      Entry entry = tensor.getValue();
      writeString(out, tensor.getKey().getBytes(StandardCharsets.UTF_8));
      writeInt(out, entry.dims().size());
      entry.dims().forEach(dim -> writeLong(out, dim));
      writeInt(out, entry.type().id());
      writeLong(out, offset);
      offset = GgufParser.align(Math.addExact(offset, entry.bytes()), ALIGNMENT);
    }
    return out.toByteArray();
  }

  /** A value after its type. */
  static void writeValue(ByteArrayOutputStream out, GgufValue value) {
    switch (value) {
      case GgufValue.Int(GgufValue.Type type, long bits) -> {
        writeInt(out, type.id());
        out.write(littleEndian(Long.BYTES).putLong(bits).array(), 0, type.width());
      }
      case GgufValue.Real(GgufValue.Type type, double number) -> {
        writeInt(out, type.id());
        if (type == GgufValue.Type.FLOAT32) {
          writeInt(out, Float.floatToRawIntBits((float) number));
        } else {
          writeLong(out, Double.doubleToRawLongBits(number));
        }
      }
      case GgufValue.Bool(boolean truth) -> {
        writeInt(out, GgufValue.Type.BOOL.id());
        out.write(truth ? 1 : 0);
      }
      case GgufValue.Text text -> {
        writeInt(out, GgufValue.Type.STRING.id());
        writeString(out, text.bytes());
      }
      case GgufValue.Texts texts ->
          writeArray(out, GgufValue.Type.STRING, texts.length(), texts.data());
      case GgufValue.Numbers numbers ->
          writeArray(out, numbers.type(), numbers.length(), numbers.data());
    }
  }

  private static void writeArray(
      ByteArrayOutputStream out, GgufValue.Type type, int length, ByteBuffer data) {
    writeInt(out, GgufValue.Type.ARRAY.id());
    writeInt(out, type.id());
    writeLong(out, length);
    byte[] items = new byte[data.remaining()];
    data.get(items);
    out.writeBytes(items);
  }

  private static void writeString(ByteArrayOutputStream out, byte[] bytes) {
    writeLong(out, bytes.length);
    out.writeBytes(bytes);
  }

  private static void writeInt(ByteArrayOutputStream out, int value) {
    out.writeBytes(littleEndian(Integer.BYTES).putInt(value).array());
  }

  private static void writeLong(ByteArrayOutputStream out, long value) {
    out.writeBytes(littleEndian(Long.BYTES).putLong(value).array());
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void pad(FileChannel channel) throws IOException {
    long position = channel.position();
    long padding = GgufParser.align(position, ALIGNMENT) - position;
    writeFully(channel, ByteBuffer.allocate((int) padding));
  }

  /** Writes a whole buffer, which a channel alone does not promise. */
  public static void writeFully(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static void checkName(String what, String name, int maxBytes) {
    int length = name.getBytes(StandardCharsets.UTF_8).length;
    Preconditions.checkArgument(
        length >= 1 && length <= maxBytes && name.indexOf('\0') < 0,
        "%s \"%s\" of %s bytes, expected 1 to %s and no zero among them",
        what,
        name,
        length,
        maxBytes);
  }

  /** Lets exactly the declared number of bytes of one tensor through. */
  private static final class MeasuredChannel implements WritableByteChannel {
    private final FileChannel out;
    private final String tensor;
    private final long declared;
    private long written;

    MeasuredChannel(FileChannel out, String tensor, long declared) {
      this.out = out;
      this.tensor = tensor;
      this.declared = declared;
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      Preconditions.checkState(
          bytes.remaining() <= declared - written,
          "tensor \"%s\" was given more than its %s bytes",
          tensor,
          declared);
      int count = out.write(bytes);
      written += count;
      return count;
    }

    void checkComplete() {
      Preconditions.checkState(
          written == declared,
          "tensor \"%s\" was given %s of its %s bytes",
          tensor,
          written,
          declared);
    }

    @Override
    public boolean isOpen() {
      return out.isOpen();
    }

    /** The channel belongs to the writer, which closes it. */
    @Override
    public void close() {}
  }
}

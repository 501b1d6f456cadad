package dev.mneme.store.gguf;

import dev.mneme.FailureText;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.files.FileKind;
import dev.mneme.store.files.RegularFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a GGUF file (version 2 or 3, little-endian) declares: metadata and where its tensors lie.
 * Only the front part is read, and nothing stays open. Immutable.
 *
 * <p>A model that was split into several files is opened by the first of them and appears as one.
 *
 * <p>A file is refused as a whole if anything in that part breaks a rule of the format or if tensor
 * data is missing. Reading keeps no more than the front part in memory, whatever lengths it claims.
 *
 * <p>Accessors by key are empty where the key is absent, and throw {@link MalformedFileException}
 * where it is stored in another type.
 */
public final class GgufFile {
  private final Path path;
  private final List<Path> parts;
  private final int version;
  private final Map<String, GgufValue> metadata;
  private final Map<String, GgufTensor> tensors;

  private GgufFile(Path path, List<Path> parts, GgufParser parsed) {
    this.path = path;
    this.parts = List.copyOf(parts);
    this.version = parsed.version();
    this.metadata = Collections.unmodifiableMap(parsed.metadata());
    this.tensors = Collections.unmodifiableMap(parsed.tensors());
  }

  /**
   * Reads and checks the front part of a file. Where it is the first of several, which together are
   * one model, the others are found by their names and read too.
   *
   * @throws MalformedFileException if the file breaks a rule of the format, if it is a later part
   *     of several, or if a part is missing or belongs to another model
   * @throws MnemeException if the file cannot be read
   */
  public static GgufFile read(Path path) {
    try {
      GgufParser parsed = parse(path);
      List<Path> parts =
          SplitGguf.isPart(parsed) ? SplitGguf.join(path, parsed, GgufFile::parse) : List.of(path);
      return new GgufFile(path, parts, parsed);
    } catch (NoSuchFileException e) {
      throw new MnemeException("no such file: %s; give the path of a GGUF file".formatted(path), e);
    } catch (IOException e) {
      throw new MnemeException(
          "cannot read the GGUF file %s: %s; give the path of a readable GGUF file"
              .formatted(path, FailureText.of(e)),
          e);
    }
  }

  private static GgufParser parse(Path path) throws IOException {
    if (RegularFiles.exists(path)) {
      requireGguf(path);
    }
    try (FileChannel channel = FileChannel.open(path)) {
      return new GgufParser(new GgufInput(path, channel)).parse();
    }
  }

  /** Opening a pipe waits; and what is another file of a model is better called so. */
  private static void requireGguf(Path path) {
    Optional<String> problem = RegularFiles.problem(path);
    if (problem.isPresent()) {
      throw new MnemeException(
          "cannot read %s: it %s; give the path of a GGUF file".formatted(path, problem.get()));
    }
    FileKind kind = FileKind.of(path);
    if (kind != FileKind.GGUF && kind != FileKind.UNKNOWN) { // the parser complains of the latter
      throw new MalformedFileException(
          "%s is not a GGUF file: it %s".formatted(path, kind.advice()));
    }
  }

  /** Where the file was when it was read. */
  public Path path() {
    return path;
  }

  /** The files that hold the model: several, in order, where it was split; else the one file. */
  public List<Path> parts() {
    return parts;
  }

  /** Version of the format, 2 or 3. */
  public int version() {
    return version;
  }

  /** Every value by its key, in file order. */
  public Map<String, GgufValue> metadata() {
    return metadata;
  }

  /** Every tensor by its name, in file order. */
  public Map<String, GgufTensor> tensors() {
    return tensors;
  }

  /** A string; refused where its bytes are not UTF-8. */
  public Optional<String> string(String key) {
    return switch (metadata.get(key)) {
      case null -> Optional.empty();
      case GgufValue.Text text -> Optional.of(utf8(key, text.bytes()));
      case GgufValue other -> throw wrongType(key, "a string", other);
    };
  }

  /** A whole number of any width that fits a long. */
  public OptionalLong integer(String key) {
    return switch (metadata.get(key)) {
      case null -> OptionalLong.empty();
      case GgufValue.Int(GgufValue.Type type, long value)
          when type == GgufValue.Type.UINT64 && value < 0 ->
          throw malformed(key, Long.toUnsignedString(value) + " is too large");
      case GgufValue.Int(_, long value) -> OptionalLong.of(value);
      case GgufValue other -> throw wrongType(key, "a whole number", other);
    };
  }

  /** A floating-point number. */
  public OptionalDouble real(String key) {
    return switch (metadata.get(key)) {
      case null -> OptionalDouble.empty();
      case GgufValue.Real(_, double value) -> OptionalDouble.of(value);
      case GgufValue other -> throw wrongType(key, "a floating-point number", other);
    };
  }

  /** True or false. */
  public Optional<Boolean> bool(String key) {
    return switch (metadata.get(key)) {
      case null -> Optional.empty();
      case GgufValue.Bool(boolean value) -> Optional.of(value);
      case GgufValue other -> throw wrongType(key, "a boolean", other);
    };
  }

  /** An array of strings; refused where one is not UTF-8, see {@link #byteStrings}. */
  public List<String> strings(String key) {
    return Arrays.stream(byteStrings(key)).map(bytes -> utf8(key, bytes)).toList();
  }

  /** The bytes of an array of strings, which in token lists need not be UTF-8. */
  public byte[][] byteStrings(String key) {
    return switch (metadata.get(key)) {
      case null -> new byte[0][];
      case GgufValue.Texts texts -> texts.items();
      case GgufValue other -> throw wrongType(key, "an array of strings", other);
    };
  }

  /** An array of 32-bit floats. */
  public float[] floats(String key) {
    GgufValue.Numbers numbers = numbers(key, "an array of float32");
    if (numbers == null) {
      return new float[0];
    }
    if (numbers.type() != GgufValue.Type.FLOAT32) {
      throw wrongType(key, "an array of float32", numbers);
    }
    float[] values = new float[numbers.length()];
    numbers.data().asFloatBuffer().get(values);
    return values;
  }

  /** An array of whole numbers of any width, each of which fits an int. */
  public int[] integers(String key) {
    GgufValue.Numbers numbers = numbers(key, "an array of whole numbers");
    if (numbers == null) {
      return new int[0];
    }
    GgufValue.Type type = numbers.type();
    if (!type.isInteger()) {
      throw wrongType(key, "an array of whole numbers", numbers);
    }
    ByteBuffer data = numbers.data();
    int[] values = new int[numbers.length()];
    for (int i = 0; i < values.length; i++) {
      long value = type.readInteger(data);
      if ((int) value != value) {
        throw malformed(
            key,
            "item %d is %s, which fits no 32-bit number"
                .formatted(
                    i,
                    type == GgufValue.Type.UINT64
                        ? Long.toUnsignedString(value)
                        : Long.toString(value)));
      }
      values[i] = (int) value;
    }
    return values;
  }

  private GgufValue.@Nullable Numbers numbers(String key, String expected) {
    return switch (metadata.get(key)) {
      case null -> null;
      case GgufValue.Numbers numbers -> numbers;
      case GgufValue other -> throw wrongType(key, expected, other);
    };
  }

  private String utf8(String key, byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new MalformedFileException(
          "%s: metadata key \"%s\": expected UTF-8, found other bytes".formatted(path, key), e);
    }
  }

  private MalformedFileException wrongType(String key, String expected, GgufValue found) {
    return malformed(key, "expected %s, found %s".formatted(expected, found.storage()));
  }

  private MalformedFileException malformed(String key, String problem) {
    return new MalformedFileException("%s: metadata key \"%s\": %s".formatted(path, key, problem));
  }
}

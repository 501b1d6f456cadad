package dev.mneme.store.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.files.FileKind;
import dev.mneme.store.files.RegularFiles;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A value in a JSON file that knows where it stands. Immutable.
 *
 * <p>Asking for a type the value does not have throws a {@link MalformedFileException} naming file
 * and field path ({@code files[2].sha256}), the expectation and what was found.
 */
public final class JsonValue {

  /** Far more than any configuration, recipe or manifest has. */
  private static final long MOST_BYTES = 16L << 20;

  private static final ObjectReader STRICT =
      JsonMapper.builder(
              JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .reader();

  private static final ObjectReader PYTHON = STRICT.with(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS);

  /**
   * Where a value stands. Put into words only for a message: the words grow with each level.
   *
   * @param step from the outer place here, as {@code .key} or {@code [3]}
   */
  private record Place(@Nullable Place outer, String step) {
    @Override
    public String toString() {
      var words = new StringBuilder();
      for (Place at = this; at != null; at = at.outer) {
        words.insert(0, at.step);
      }
      return words.toString();
    }
  }

  private final String origin;
  private final @Nullable Place place;
  private final JsonNode node;

  private JsonValue(String origin, @Nullable Place place, JsonNode node) {
    this.origin = origin;
    this.place = place;
    this.node = node;
  }

  /**
   * Reads a file of at most 16 MiB that holds one JSON object.
   *
   * @throws MalformedFileException if it is not JSON, names a key twice, goes on after the object,
   *     is not an object or is too large
   * @throws MnemeException if it cannot be read
   */
  public static JsonValue read(Path file) {
    return read(file, MOST_BYTES);
  }

  /**
   * As {@link #read(Path)}, for files of another size.
   *
   * @param most bytes it may have
   */
  public static JsonValue read(Path file, long most) {
    return read(file, most, STRICT);
  }

  private static JsonValue read(Path file, long most, ObjectReader reader) {
    byte[] bytes = RegularFiles.read(file, most);
    FileKind.requireText(file, bytes);
    return parse(file.toString(), bytes, reader);
  }

  /**
   * As {@link #read}, of a file that Python wrote: it may hold the numbers {@code NaN}, {@code
   * Infinity} and {@code -Infinity}, which JSON does not have. They are neither {@link #number} nor
   * {@link #positive}.
   */
  public static JsonValue readPython(Path file) {
    return read(file, MOST_BYTES, PYTHON);
  }

  /**
   * As {@link #read}, of bytes that were read already.
   *
   * @param origin where from, for messages
   */
  public static JsonValue parse(String origin, byte[] bytes) {
    return parse(origin, bytes, STRICT);
  }

  private static JsonValue parse(String origin, byte[] bytes, ObjectReader reader) {
    try {
      JsonNode node = reader.readTree(decode(origin, bytes));
      if (!node.isObject()) {
        throw new MalformedFileException(
            "%s: expected a JSON object, found %s".formatted(origin, kind(node)));
      }
      return new JsonValue(origin, null, node);
    } catch (JsonProcessingException e) {
      throw new MalformedFileException(
          "%s: not valid JSON at line %d, column %d: %s"
              .formatted(
                  origin,
                  e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
                  e.getLocation() == null ? 0 : e.getLocation().getColumnNr(),
                  e.getOriginalMessage()),
          e);
    }
  }

  /**
   * Jackson guesses the encoding: a few odd bytes would make it another, which JSON may not have.
   */
  private static String decode(String origin, byte[] bytes) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text; // some editors begin with it
    } catch (CharacterCodingException e) {
      throw new MalformedFileException(origin + ": not valid JSON: it is not UTF-8", e);
    }
  }

  /** Where this value was read from, for messages. */
  public String origin() {
    return origin;
  }

  /** Where this value stands in its file, as {@code a.list[1]}; empty for the whole. */
  public String place() {
    return place == null ? "" : place.toString();
  }

  /** A member that must be there and not null. */
  public JsonValue get(String key) {
    return find(key)
        .orElseThrow(
            () ->
                new MalformedFileException(
                    "%s: the field \"%s\" is missing".formatted(origin, member(key))));
  }

  /** A member, or empty where it is absent or null. */
  public Optional<JsonValue> find(String key) {
    if (!node.isObject()) {
      throw unlike("an object");
    }
    JsonNode found = node.get(key);
    return found == null || found.isNull()
        ? Optional.empty()
        : Optional.of(new JsonValue(origin, member(key), found));
  }

  /** Members in file order, nulls included. */
  public Map<String, JsonValue> members() {
    if (!node.isObject()) {
      throw unlike("an object");
    }
    var members = new LinkedHashMap<String, JsonValue>();
    node.properties()
        .forEach(
            entry ->
                members.put(
                    entry.getKey(),
                    new JsonValue(origin, member(entry.getKey()), entry.getValue())));
    return members;
  }

  /** Elements in order. */
  public List<JsonValue> elements() {
    if (!node.isArray()) {
      throw unlike("an array");
    }
    var elements = new ArrayList<JsonValue>(node.size());
    for (int i = 0; i < node.size(); i++) {
      elements.add(new JsonValue(origin, new Place(place, "[" + i + "]"), node.get(i)));
    }
    return elements;
  }

  public boolean isString() {
    return node.isTextual();
  }

  public boolean isArray() {
    return node.isArray();
  }

  public boolean isObject() {
    return node.isObject();
  }

  public boolean isBool() {
    return node.isBoolean();
  }

  public boolean isNull() {
    return node.isNull();
  }

  public boolean isNumber() {
    return node.isNumber();
  }

  /** Whether this is a number without fraction or exponent, of any size. */
  public boolean isWholeNumber() {
    return node.isIntegralNumber();
  }

  /** Whether this is a number without fraction or exponent that a long can hold. */
  public boolean isInteger() {
    return node.isIntegralNumber() && node.canConvertToLong();
  }

  /** This value as a string. */
  public String string() {
    if (!node.isTextual()) {
      throw unlike("a string");
    }
    return node.textValue();
  }

  /** This value as true or false. */
  public boolean bool() {
    if (!node.isBoolean()) {
      throw unlike("true or false");
    }
    return node.booleanValue();
  }

  /** This value as an integer, written without fraction or exponent, in {@code [min, max]}. */
  public long integer(long min, long max) {
    if (!node.isIntegralNumber()
        || !node.canConvertToLong()
        || node.longValue() < min
        || node.longValue() > max) {
      throw unlike("an integer from %d to %d".formatted(min, max));
    }
    return node.longValue();
  }

  /** This value as an integer of at least 1. */
  public int count() {
    return Math.toIntExact(integer(1, Integer.MAX_VALUE));
  }

  /** This value as a finite number; a negative zero keeps its sign. */
  public double number() {
    if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
      throw unlike("a finite number");
    }
    return node.doubleValue();
  }

  /** This value as a finite number above zero. */
  public double positive() {
    if (!node.isNumber() || !Double.isFinite(node.doubleValue()) || node.doubleValue() <= 0) {
      throw unlike("a finite number above 0");
    }
    return node.doubleValue();
  }

  /** This object with another value under one key. */
  public JsonValue with(String key, JsonNode value) {
    ObjectNode changed = ((ObjectNode) node).objectNode();
    changed.setAll((ObjectNode) node);
    changed.set(key, value);
    return new JsonValue(origin, place, changed);
  }

  /** A copy for the caller to change. */
  public JsonNode tree() {
    return node.deepCopy();
  }

  /** The complaint that this value is not what it must be. */
  public MalformedFileException unlike(String expectation) {
    return new MalformedFileException(
        "%s: %s must be %s, found %s"
            .formatted(origin, place == null ? "it" : "\"" + place + "\"", expectation, this));
  }

  /** This value for messages: an object or array only by its kind, other values cut when long. */
  @Override
  public String toString() {
    if (node.isContainerNode()) {
      return kind(node);
    }
    String text = node.toString();
    return text.length() <= 80 ? text : text.substring(0, 80) + "...";
  }

  private static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> "an object";
      case ARRAY -> "an array";
      case MISSING -> "nothing";
      default -> node.toString();
    };
  }

  private Place member(String key) {
    return new Place(place, place == null ? key : "." + key);
  }
}

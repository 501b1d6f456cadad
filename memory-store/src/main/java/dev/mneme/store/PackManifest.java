package dev.mneme.store;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableSet;
import dev.mneme.MalformedFileException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * {@code pack.json}: what a pack is and exactly which files it consists of. docs/pack-format.md has
 * the schema.
 *
 * @param name by which an application calls it: lower-case letters, digits, {@code - _ .}
 * @param domain what it knows, for people
 * @param kind what sort of memory; {@code memory-decoder} is the only one so far
 * @param lambda the weight its maker recommends, in [0, 1]
 * @param files every other file of the pack
 */
public record PackManifest(
    String name, String domain, String kind, double lambda, List<Entry> files) {

  /** The version this code writes and reads. */
  public static final int SCHEMA_VERSION = 1;

  /** The kind of a small transformer memory. */
  public static final String MEMORY_DECODER = "memory-decoder";

  private static final Set<String> FIELDS =
      ImmutableSet.of("schemaVersion", "name", "domain", "kind", "lambda", "files");
  private static final Set<String> FILE_FIELDS = ImmutableSet.of("name", "bytes", "sha256");
  private static final ObjectMapper MAPPER =
      new ObjectMapper(
              JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /**
   * A file of the pack.
   *
   * @param name a plain file name
   * @param bytes its size
   * @param sha256 its digest, 64 lower-case hex digits
   */
  public record Entry(String name, long bytes, String sha256) {}

  public PackManifest {
    files = List.copyOf(files);
  }

  /**
   * Reads a manifest strictly: no unknown, missing, doubled or mistyped field.
   *
   * @param place where it came from, for messages
   */
  static PackManifest parse(String place, byte[] bytes) {
    JsonNode json;
    try {
      json = MAPPER.readTree(bytes);
    } catch (IOException e) {
      throw new MalformedFileException(
          "%s is not valid JSON: %s"
              .formatted(place, String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
          e);
    }
    var fields = new Fields(place, "", json);
    fields.requireOnly(FIELDS);
    long version = fields.whole("schemaVersion");
    if (version != SCHEMA_VERSION) {
      throw fields.wrong(
          "schemaVersion",
          "is %d, but this version of Mneme reads %d".formatted(version, SCHEMA_VERSION));
    }
    var files = new ArrayList<Entry>();
    var names = new HashSet<String>();
    JsonNode array = json.path("files");
    if (!array.isArray() || array.isEmpty()) {
      throw fields.wrong("files", "should list the pack's files");
    }
    for (int i = 0; i < array.size(); i++) {
      var entry = new Fields(place, "files[" + i + "].", array.get(i));
      entry.requireOnly(FILE_FIELDS);
      String name = entry.matching("name", "[A-Za-z0-9_][A-Za-z0-9._-]*");
      if (name.endsWith(".") || !names.add(name.toLowerCase(Locale.ROOT))) {
        throw entry.wrong("name", "is " + name + ", which ends in a dot or is listed twice");
      }
      files.add(new Entry(name, entry.whole("bytes"), entry.matching("sha256", "[0-9a-f]{64}")));
    }
    String kind = fields.text("kind");
    if (!kind.equals(MEMORY_DECODER)) {
      throw fields.wrong("kind", "is %s, but only %s is known".formatted(kind, MEMORY_DECODER));
    }
    return new PackManifest(
        fields.matching("name", "[a-z0-9][a-z0-9._-]*"),
        fields.text("domain"),
        kind,
        fields.lambda(),
        files);
  }

  /** The manifest as the bytes of {@code pack.json}; equal manifests give equal bytes. */
  byte[] toBytes() {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("schemaVersion", SCHEMA_VERSION)
        .put("name", name)
        .put("domain", domain)
        .put("kind", kind)
        .put("lambda", lambda);
    ArrayNode array = json.putArray("files");
    for (Entry file : files) {
      array
          .addObject()
          .put("name", file.name())
          .put("bytes", file.bytes())
          .put("sha256", file.sha256());
    }
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a manifest of plain values did not serialise", e);
    }
  }

  /** Typed access to one JSON object; errors carry the path of the field. */
  private record Fields(String place, String path, JsonNode json) {

    void requireOnly(Set<String> allowed) {
      if (!json.isObject()) {
        throw new MalformedFileException(
            "%s: %s should be a JSON object"
                .formatted(place, path.isEmpty() ? "the manifest" : path));
      }
      for (String field : allowed) {
        if (!json.has(field)) {
          throw wrong(field, "is missing");
        }
      }
      json.fieldNames()
          .forEachRemaining(
              field -> {
                if (!allowed.contains(field)) {
                  throw wrong(field, "is unknown");
                }
              });
    }

    String text(String field) {
      JsonNode value = json.path(field);
      if (!value.isTextual() || value.textValue().isBlank()) {
        throw wrong(field, "should be a text, but is " + value);
      }
      return value.textValue();
    }

    String matching(String field, String pattern) {
      String value = text(field);
      if (!value.matches(pattern)) {
        throw wrong(field, "is %s, which does not match %s".formatted(value, pattern));
      }
      return value;
    }

    long whole(String field) {
      JsonNode value = json.path(field);
      if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
        throw wrong(field, "should be a whole number from 0 on, but is " + value);
      }
      return value.longValue();
    }

    double lambda() {
      JsonNode value = json.path("lambda");
      double number = value.isNumber() ? value.doubleValue() : Double.NaN;
      if (!(number >= 0 && number <= 1)
          || Double.doubleToRawLongBits(number) == Double.doubleToRawLongBits(-0.0)) {
        throw wrong("lambda", "should be a number in [0, 1], but is " + value);
      }
      return number;
    }

    MalformedFileException wrong(String field, String problem) {
      return new MalformedFileException("%s: %s%s %s".formatted(place, path, field, problem));
    }
  }
}

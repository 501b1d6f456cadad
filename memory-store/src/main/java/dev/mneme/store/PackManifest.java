package dev.mneme.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Ascii;
import dev.mneme.MalformedFileException;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a pack says about itself in {@code pack.json}; docs/pack-format.md describes the file for
 * people. Reading is strict: an unknown, missing, repeated or wrong field is refused with its path.
 *
 * @param name what applications call the memory: lower-case letters, digits, {@code .}, {@code _}
 *     and {@code -}, at most 64, a letter or digit first
 * @param domain the field of knowledge, for people; may be empty
 * @param description for people; may be empty
 * @param lambda mixing weight to start from, 0 to 1
 * @param vocabularySize rows of the memory's embedding, padding included
 * @param files every other file of the pack
 */
public record PackManifest(
    String name,
    String domain,
    String description,
    double lambda,
    Architecture architecture,
    int vocabularySize,
    List<Entry> files) {

  /** The manifest's name in a pack. */
  public static final String FILE = "pack.json";

  /** The one version of the schema. */
  public static final int SCHEMA_VERSION = 1;

  /** The one kind of memory: a small transformer that reads token ids (arXiv 2508.09874). */
  public static final String KIND = "memory-decoder";

  /**
   * One file of a pack.
   *
   * @param name plain: no folders, no characters that a file system could take for something else
   * @param bytes its size
   * @param sha256 64 lower-case hex digits
   */
  public record Entry(String name, long bytes, String sha256) {}

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
  private static final Pattern FILE_NAME =
      Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9._-]{0,126}[A-Za-z0-9_])?");
  static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  /** Names that Windows takes for devices, with any extension. */
  private static final Pattern DEVICE =
      Pattern.compile("(con|prn|aux|nul|com[0-9]|lpt[0-9])(\\..*)?", Pattern.CASE_INSENSITIVE);

  private static final Set<String> FIELDS =
      Set.of(
          "schemaVersion",
          "name",
          "domain",
          "kind",
          "description",
          "lambda",
          "architecture",
          "vocabularySize",
          "files");
  private static final Set<String> FILE_FIELDS = Set.of("name", "bytes", "sha256");

  /** Whether a pack may have this name. */
  public static boolean isValidName(String name) {
    return NAME.matcher(name).matches() && !DEVICE.matcher(name).matches();
  }

  /**
   * Reads a manifest.
   *
   * @param file where the bytes came from, for messages
   * @throws MalformedFileException naming the field that breaks the schema
   */
  public static PackManifest parse(Path file, byte[] bytes) {
    JsonValue json = JsonValue.parse(file, bytes);
    JsonValue version = json.get("schemaVersion");
    if (version.integer(Integer.MIN_VALUE, Integer.MAX_VALUE) != SCHEMA_VERSION) {
      throw version.unlike(SCHEMA_VERSION + ", the only version this release reads");
    }
    requireKnown(json, FIELDS);
    if (!json.get("kind").string().equals(KIND)) {
      throw json.get("kind").unlike("\"" + KIND + "\", the only supported kind");
    }
    JsonValue name = json.get("name");
    if (!isValidName(name.string())) {
      throw name.unlike("1 to 64 of a-z, 0-9, '.', '_' and '-', a letter or digit first");
    }
    JsonValue architecture = json.get("architecture");
    return new PackManifest(
        name.string(),
        json.get("domain").string(),
        json.get("description").string(),
        lambda(json.get("lambda")),
        Architecture.ofModelType(architecture.string())
            .orElseThrow(() -> architecture.unlike("one of " + Architecture.supported())),
        json.get("vocabularySize").count(),
        files(json.get("files")));
  }

  /** This manifest as the bytes of {@code pack.json}; equal manifests give equal bytes. */
  public byte[] toBytes() {
    var mapper = JsonMapper.builder().build();
    ObjectNode json = mapper.createObjectNode();
    json.put("schemaVersion", SCHEMA_VERSION);
    json.put("name", name);
    json.put("domain", domain);
    json.put("kind", KIND);
    json.put("description", description);
    json.put("lambda", lambda);
    json.put("architecture", architecture.modelType());
    json.put("vocabularySize", vocabularySize);
    var entries = json.putArray("files");
    for (Entry file : files) {
      entries
          .addObject()
          .put("name", file.name())
          .put("bytes", file.bytes())
          .put("sha256", file.sha256());
    }
    var indenter = new DefaultIndenter("  ", "\n");
    var printer = new DefaultPrettyPrinter();
    printer.indentObjectsWith(indenter);
    printer.indentArraysWith(indenter);
    try {
      return (mapper.writer(printer).writeValueAsString(json) + "\n")
          .getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a tree of strings and numbers can be written", e);
    }
  }

  private static double lambda(JsonValue value) {
    double lambda = value.number();
    boolean negativeZero = lambda == 0 && 1 / lambda < 0;
    if (lambda < 0 || lambda > 1 || negativeZero) {
      throw value.unlike("a number from 0 to 1");
    }
    return lambda;
  }

  private static List<Entry> files(JsonValue list) {
    var entries = new ArrayList<Entry>();
    var seen = new HashSet<String>();
    for (JsonValue entry : list.elements()) {
      requireKnown(entry, FILE_FIELDS);
      JsonValue name = entry.get("name");
      if (!isPlainFileName(name.string())) {
        throw name.unlike("a plain file name of letters, digits, '.', '_' and '-'");
      }
      // Names that differ in case only are one file on some systems.
      String folded = Ascii.toLowerCase(name.string());
      if (folded.equals(FILE) || !seen.add(folded)) {
        throw name.unlike("listed once, and not the manifest itself");
      }
      JsonValue sha256 = entry.get("sha256");
      if (!SHA256.matcher(sha256.string()).matches()) {
        throw sha256.unlike("64 lower-case hex digits");
      }
      entries.add(
          new Entry(name.string(), entry.get("bytes").integer(0, Long.MAX_VALUE), sha256.string()));
    }
    if (entries.isEmpty()) {
      throw list.unlike("the list of the pack's files, at least one");
    }
    return List.copyOf(entries);
  }

  static boolean isPlainFileName(String name) {
    return FILE_NAME.matcher(name).matches() && !DEVICE.matcher(name).matches();
  }

  private static void requireKnown(JsonValue json, Set<String> fields) {
    for (Map.Entry<String, JsonValue> member : json.members().entrySet()) {
      if (!fields.contains(member.getKey())) {
        throw member.getValue().unlike("absent: schema version 1 has no such field");
      }
    }
  }
}

package dev.mneme.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Ascii;
import com.google.common.collect.Sets;
import dev.mneme.HostIdentity;
import dev.mneme.MalformedFileException;
import dev.mneme.Tap;
import dev.mneme.Tap.Point;
import dev.mneme.TappedHost;
import dev.mneme.store.PackKind.MemoryDecoder;
import dev.mneme.store.PackKind.MlpMemory;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.hf.MlpShape;
import dev.mneme.store.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a pack says about itself in {@code pack.json}; docs/pack-format.md describes the file for
 * people. Reading is strict: an unknown, missing, repeated or wrong field is refused with its path.
 *
 * @param name what applications call the memory: lower-case letters, digits, {@code .}, {@code _}
 *     and {@code -}, at most 64, a letter or digit first
 * @param version which of the packs of this name; {@link PackVersion#FIRST} where the file has none
 * @param domain the field of knowledge, for people; may be empty
 * @param kind which kind of memory it is, and what that kind reads
 * @param description for people; may be empty
 * @param lambda mixing weight to start from, 0 to 1
 * @param architecture the {@code model_type} of {@code config.json}
 * @param vocabularySize rows of the memory's output matrix, padding included
 * @param files every other file of the pack
 */
public record PackManifest(
    String name,
    PackVersion version,
    String domain,
    PackKind kind,
    String description,
    double lambda,
    Architecture architecture,
    int vocabularySize,
    List<Entry> files) {

  /** The manifest's name in a pack. */
  public static final String FILE = "pack.json";

  /** Bytes that the file may have, far more than any pack needs. */
  public static final int MOST_BYTES = 4 << 20;

  /** Bytes that one file of a pack may have: a tebibyte. */
  public static final long LARGEST_FILE = 1L << 40;

  /** Files that a pack may have. */
  public static final int MOST_FILES = 4096;

  /** The one version of the schema. */
  public static final int SCHEMA_VERSION = 1;

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
          "version",
          "domain",
          "kind",
          "description",
          "lambda",
          "architecture",
          "vocabularySize",
          "files");
  private static final Set<String> MLP_ONLY = Set.of("tap", "host");
  private static final Set<String> MLP_FIELDS = Sets.union(FIELDS, MLP_ONLY).immutableCopy();
  private static final Set<String> TAP_FIELDS = Set.of("block", "point");
  private static final Set<String> HOST_FIELDS = Set.of("architecture", "width", "blocks", "norms");
  private static final Set<String> FILE_FIELDS = Set.of("name", "bytes", "sha256");

  /** Whether a pack may have this name. */
  public static boolean isValidName(String name) {
    return NAME.matcher(name).matches() && !DEVICE.matcher(name).matches();
  }

  /**
   * Reads a manifest.
   *
   * @param origin where the bytes came from, for messages
   * @throws MalformedFileException naming the field that breaks the schema
   */
  public static PackManifest parse(String origin, byte[] bytes) {
    JsonValue json = JsonValue.parse(origin, bytes);
    JsonValue version = json.get("schemaVersion");
    if (version.integer(Integer.MIN_VALUE, Integer.MAX_VALUE) != SCHEMA_VERSION) {
      throw version.unlike(SCHEMA_VERSION + ", the only version this release reads");
    }
    PackKind kind = kind(json);
    JsonValue name = json.get("name");
    if (!isValidName(name.string())) {
      throw name.unlike("1 to 64 of a-z, 0-9, '.', '_' and '-', a letter or digit first");
    }
    return new PackManifest(
        name.string(),
        json.find("version").map(PackManifest::version).orElse(PackVersion.FIRST),
        json.get("domain").string(),
        kind,
        json.get("description").string(),
        lambda(json.get("lambda")),
        architecture(json.get("architecture"), kind),
        json.get("vocabularySize").count(),
        files(json.get("files")));
  }

  /** Checks the fields too, for the kind decides which there are. */
  private static PackKind kind(JsonValue json) {
    JsonValue label = json.get("kind");
    return switch (label.string()) {
      case MemoryDecoder.LABEL -> {
        requireKnown(json, FIELDS);
        yield new MemoryDecoder();
      }
      case MlpMemory.LABEL -> {
        requireKnown(json, MLP_FIELDS);
        HostIdentity host = host(json.get("host"));
        yield new MlpMemory(new TappedHost(host, tap(json.get("tap"), host)));
      }
      default ->
          throw label.unlike("\"%s\" or \"%s\"".formatted(MemoryDecoder.LABEL, MlpMemory.LABEL));
    };
  }

  private static HostIdentity host(JsonValue json) {
    requireKnown(json, HOST_FIELDS);
    JsonValue architecture = json.get("architecture");
    if (!MlpMemory.isArchitecture(architecture.string())) {
      throw architecture.unlike("the name of a family as GGUF has it, such as \"llama\"");
    }
    JsonValue norms = json.get("norms");
    if (!MlpMemory.isDigest(norms.string())) {
      throw norms.unlike("\"sha256:\" and 64 lower-case hex digits");
    }
    return new HostIdentity(
        architecture.string(),
        json.get("width").count(),
        json.get("blocks").count(),
        norms.string());
  }

  private static Tap tap(JsonValue json, HostIdentity host) {
    requireKnown(json, TAP_FIELDS);
    JsonValue point = json.get("point");
    return new Tap(
        (int) json.get("block").integer(-host.blocks(), host.blocks() - 1),
        Point.ofLabel(point.string())
            .orElseThrow(
                () ->
                    point.unlike(
                        "one of "
                            + Arrays.stream(Point.values())
                                .map(Point::label)
                                .collect(Collectors.joining(", ")))));
  }

  private static Architecture architecture(JsonValue modelType, PackKind kind) {
    List<Architecture> supported =
        switch (kind) {
          case MemoryDecoder() -> List.of(Architecture.values());
          case MlpMemory(_) ->
              Arrays.stream(MlpShape.Style.values()).map(MlpShape.Style::architecture).toList();
        };
    return supported.stream()
        .filter(a -> a.modelType().equals(modelType.string()))
        .findFirst()
        .orElseThrow(
            () ->
                modelType.unlike(
                    "one of "
                        + supported.stream()
                            .map(Architecture::modelType)
                            .collect(Collectors.joining(", "))));
  }

  /** This manifest as the bytes of {@code pack.json}; equal manifests give equal bytes. */
  public byte[] toBytes() {
    var mapper = JsonMapper.builder().build();
    ObjectNode json = mapper.createObjectNode();
    json.put("schemaVersion", SCHEMA_VERSION);
    json.put("name", name);
    if (!version.equals(PackVersion.FIRST)) {
      json.put("version", version.toString());
    }
    json.put("domain", domain);
    json.put("kind", kind.label());
    json.put("description", description);
    json.put("lambda", lambda);
    json.put("architecture", architecture.modelType());
    json.put("vocabularySize", vocabularySize);
    if (kind instanceof MlpMemory(TappedHost(HostIdentity host, Tap tap))) {
      json.putObject("tap").put("block", tap.block()).put("point", tap.point().label());
      json.putObject("host")
          .put("architecture", host.architecture())
          .put("width", host.width())
          .put("blocks", host.blocks())
          .put("norms", host.norms());
    }
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

  private static PackVersion version(JsonValue value) {
    return PackVersion.parse(value.string())
        .orElseThrow(() -> value.unlike("three numbers, as \"1.4.0\""));
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
    List<JsonValue> elements = list.elements();
    if (elements.size() > MOST_FILES) {
      throw list.unlike("a list of at most %d files".formatted(MOST_FILES));
    }
    for (JsonValue entry : elements) {
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
      JsonValue bytes = entry.get("bytes");
      if (!bytes.isInteger()
          || bytes.integer(Long.MIN_VALUE, Long.MAX_VALUE) < 0
          || bytes.integer(Long.MIN_VALUE, Long.MAX_VALUE) > LARGEST_FILE) {
        throw bytes.unlike(
            "an integer from 0 to %d, the size of %s".formatted(LARGEST_FILE, name.string()));
      }
      entries.add(new Entry(name.string(), bytes.integer(0, LARGEST_FILE), sha256.string()));
    }
    if (entries.isEmpty()) {
      throw list.unlike("the list of the pack's files, at least one");
    }
    return List.copyOf(entries);
  }

  /** Whether a file of a pack may have this name. */
  public static boolean isPlainFileName(String name) {
    return FILE_NAME.matcher(name).matches() && !DEVICE.matcher(name).matches();
  }

  private static void requireKnown(JsonValue json, Set<String> fields) {
    for (Map.Entry<String, JsonValue> member : json.members().entrySet()) {
      if (!fields.contains(member.getKey())) {
        throw member
            .getValue()
            .unlike(
                MLP_ONLY.contains(member.getKey()) && fields.equals(FIELDS)
                    ? "absent: a %s reads token ids alone".formatted(MemoryDecoder.LABEL)
                    : "absent: schema version 1 has no such field");
      }
    }
  }
}

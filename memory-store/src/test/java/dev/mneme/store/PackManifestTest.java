package dev.mneme.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.HostIdentity;
import dev.mneme.MalformedFileException;
import dev.mneme.Tap;
import dev.mneme.Tap.Point;
import dev.mneme.TappedHost;
import dev.mneme.store.PackKind.MemoryDecoder;
import dev.mneme.store.PackKind.MlpMemory;
import dev.mneme.store.PackManifest.Entry;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PackManifestTest {
  private static final String HASH = "0123456789abcdef".repeat(4);
  private static final PackManifest MANIFEST =
      new PackManifest(
          "law",
          PackVersion.FIRST,
          "Swiss law, \u00e9dition 2",
          new MemoryDecoder(),
          "",
          0.6,
          Architecture.LLAMA,
          512,
          List.of(new Entry("config.json", 652, HASH), new Entry("model.safetensors", 9, HASH)));

  private static final PackManifest MLP =
      new PackManifest(
          "law",
          PackVersion.FIRST,
          "",
          new MlpMemory(
              new TappedHost(
                  new HostIdentity("llama", 192, 4, "sha256:" + HASH), Tap.lastFeedForwardInput())),
          "",
          0.75,
          Architecture.MISTRAL,
          512,
          List.of(new Entry("config.json", 652, HASH)));

  @Test
  void readsBackWhatItWrites() {
    assertThat(parse(written())).isEqualTo(MANIFEST);
    assertThat(parse(written(MLP))).isEqualTo(MLP);
  }

  @Test
  void writesADecodersManifestAsItAlwaysWas() {
    var manifest =
        new PackManifest(
            "law",
            PackVersion.FIRST,
            "",
            new MemoryDecoder(),
            "",
            0.6,
            Architecture.LLAMA,
            512,
            List.of(new Entry("config.json", 652, HASH)));
    assertThat(written(manifest))
        .isEqualTo(
            """
            {
              "schemaVersion" : 1,
              "name" : "law",
              "domain" : "",
              "kind" : "memory-decoder",
              "description" : "",
              "lambda" : 0.6,
              "architecture" : "llama",
              "vocabularySize" : 512,
              "files" : [
                {
                  "name" : "config.json",
                  "bytes" : 652,
                  "sha256" : "%s"
                }
              ]
            }
            """
                .formatted(HASH));
  }

  @Test
  void writesTheHostThatAnMlpMemoryReads() {
    assertThat(written(MLP))
        .contains(
            """
              "kind" : "mlp-memory",
            """,
            """
              "architecture" : "mistral",
              "vocabularySize" : 512,
              "tap" : {
                "block" : -1,
                "point" : "ffn_norm"
              },
              "host" : {
                "architecture" : "llama",
                "width" : 192,
                "blocks" : 4,
                "norms" : "sha256:%s"
              },
              "files" : [
            """
                .formatted(HASH));
  }

  @Test
  void readsEveryTap() {
    String block = mlp("\"block\" : -1", "\"block\" : 3").replace("ffn_norm", "l_out");
    assertThat(parse(block).kind())
        .isInstanceOfSatisfying(
            MlpMemory.class,
            kind -> assertThat(kind.reads().tap()).isEqualTo(new Tap(3, Point.BLOCK_OUTPUT)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"tap", "host"})
  void refusesAnMlpMemoryWithoutItsTapOrHost(String field) {
    refuses(
        mlp("\"" + field + "\" : {", "\"" + field + "\" : null, \"_\" : {"),
        "\"_\" must be absent");
    refuses(
        written(MLP).replaceFirst("\"" + field + "\" : \\{[^}]*\\},", ""),
        "the field \"" + field + "\" is missing");
  }

  @ParameterizedTest
  @ValueSource(strings = {"tap", "host"})
  void refusesADecoderWithATapOrHost(String field) {
    refuses(
        written().replaceFirst("\\{", "{\"" + field + "\" : {},"),
        "\"" + field + "\" must be absent: a memory-decoder reads token ids alone");
  }

  @ParameterizedTest
  @CsvSource({
    "'\"block\" : -1', '\"block\" : 4', tap.block, an integer from -4 to 3",
    "'\"block\" : -1', '\"block\" : -5', tap.block, an integer from -4 to 3",
    "'\"block\" : -1', '\"block\" : \"-1\"', tap.block, an integer",
    "'\"block\" : -1', '\"block\" : -1.0', tap.block, an integer",
    "'\"ffn_norm\"', '\"FFN_NORM\"', tap.point, 'one of ffn_norm, l_out'",
    "'\"ffn_norm\"', 7, tap.point, a string",
    "'\"block\" : -1', '\"block\" : -1, \"row\" : 1', tap.row, absent",
    "'\"architecture\" : \"llama\"', '\"architecture\" : \"\"', host.architecture, the name of a"
        + " family",
    "'\"architecture\" : \"llama\"', '\"architecture\" : \"Llama 2\"', host.architecture, the name"
        + " of a family",
    "'\"width\" : 192', '\"width\" : 0', host.width, an integer from 1",
    "'\"width\" : 192', '\"width\" : 192.5', host.width, an integer from 1",
    "'\"blocks\" : 4', '\"blocks\" : 0', host.blocks, an integer from 1",
    "'\"blocks\" : 4', '\"blocks\" : 4, \"name\" : \"x\"', host.name, absent",
    "'\"norms\" : \"sha256:0', '\"norms\" : \"sha256:0A', host.norms, '\"sha256:\" and 64'",
    "'\"norms\" : \"sha256:', '\"norms\" : \"', host.norms, '\"sha256:\" and 64'"
  })
  void refusesATapOrHostThatIsNone(String found, String wrong, String field, String expectation) {
    refuses(mlp(found, wrong), "\"" + field + "\" must be " + expectation);
  }

  @ParameterizedTest
  @CsvSource({
    "block, tap",
    "point, tap",
    "architecture, host",
    "width, host",
    "blocks, host",
    "norms, host"
  })
  void refusesATapOrHostWithoutAField(String field, String of) {
    String before = written(MLP);
    int at = before.indexOf("\"" + field + "\" : ", before.indexOf("\"" + of + "\""));
    String without =
        before.substring(0, at) + before.substring(at).replaceFirst(":[^,}]*", ": null");
    refuses(without, "the field \"" + of + "." + field + "\" is missing");
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen2"})
  void refusesAnMlpMemoryOfAFamilyThatHasNone(String architecture) {
    refuses(
        mlp("\"mistral\"", "\"" + architecture + "\""),
        "\"architecture\" must be one of mistral, gpt2");
  }

  @Test
  void writesForPeopleAndTheSameOnEverySystem() {
    assertThat(written())
        .startsWith("{\n  \"schemaVersion\" : 1,\n  \"name\" : \"law\",\n")
        .doesNotContain("\r")
        .endsWith("}\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "1", "0.25", "1.0", "6e-1"})
  void readsLambdasFromZeroToOne(String lambda) {
    assertThat(parse(with("lambda", lambda)).lambda()).isEqualTo(Double.parseDouble(lambda));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-0.1", "-0.0", "1.0000001", "1e999", "\"0.5\"", "true", "[0.5]"})
  void refusesALambdaOutsideZeroToOne(String lambda) {
    refuses(with("lambda", lambda), "\"lambda\" must be");
  }

  @Test
  void refusesALambdaThatIsNotANumber() {
    refuses(with("lambda", "NaN"), "not valid JSON");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "2", "-1", "99999", "4294967297"})
  void refusesAnUnknownSchemaVersion(String version) {
    refuses(with("schemaVersion", version), "\"schemaVersion\" must be", "found " + version);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "schemaVersion",
        "name",
        "domain",
        "kind",
        "description",
        "lambda",
        "architecture",
        "vocabularySize",
        "files"
      })
  void refusesAMissingField(String field) {
    refuses(with(field, "null"), "the field \"" + field + "\" is missing");
  }

  @ParameterizedTest
  @CsvSource({
    "schemaVersion, '\"1\"'",
    "schemaVersion, 1.0",
    "name, 3",
    "domain, 3",
    "kind, 3",
    "description, []",
    "architecture, {}",
    "vocabularySize, '\"512\"'",
    "vocabularySize, 0",
    "vocabularySize, -1",
    "vocabularySize, 512.5",
    "files, {}",
    "files, '\"x\"'",
    "files, []"
  })
  void refusesAWrongType(String field, String value) {
    refuses(with(field, value), "\"" + field + "\" must be");
  }

  @Test
  void refusesADuplicateKey() {
    refuses(written().replaceFirst("\"name\"", "\"name\" : \"a\", \"name\""), "Duplicate");
    refuses(written().replaceFirst("\"bytes\"", "\"bytes\" : 1, \"bytes\""), "Duplicate");
  }

  @Test
  void refusesAnUnknownField() {
    refuses(written().replaceFirst("\\{", "{\"nmae\" : 1,"), "\"nmae\" must be absent");
    refuses(
        written().replaceFirst("\"bytes\"", "\"mode\" : 7, \"bytes\""),
        "\"files[0].mode\" must be absent");
  }

  @Test
  void refusesAnUnknownKindOrArchitecture() {
    refuses(
        with("kind", "\"knn\""), "\"kind\" must be \"memory-decoder\" or \"mlp-memory\"", "knn");
    refuses(with("architecture", "\"rwkv\""), "\"architecture\" must be one of llama", "rwkv");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Law",
        "../law",
        "a/b",
        "a\\\\b",
        "-law",
        ".law",
        "l\u00e4w",
        "con",
        "nul.x",
        "a b"
      })
  void refusesABadName(String name) {
    refuses(with("name", "\"" + name + "\""), "\"name\" must be 1 to 64 of a-z");
  }

  @Test
  void refusesATooLongName() {
    assertThat(PackManifest.isValidName("a".repeat(64))).isTrue();
    assertThat(PackManifest.isValidName("a".repeat(65))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil",
        "/abs",
        "C:\\\\evil",
        "a/../../b",
        "a\\\\b",
        "",
        ".",
        "..",
        ".hidden",
        "nul\\u0000byte",
        "trailing.",
        "trailing ",
        "CON",
        "aux.json",
        "m\u00f6del.json", // and the same, composed of two characters
        "mo\u0308del.json",
        "\u212aonfig.json", // a sign for kelvin, whose lower case is k
        "\uff43onfig.json" // a wide c, which normalisation makes a plain one
      })
  void refusesAFileNameThatIsNotPlain(String name) {
    refuses(
        written().replace("\"config.json\"", "\"" + name + "\""),
        "\"files[0].name\" must be a plain file name");
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "CONFIG.json", "pack.json", "Pack.JSON"})
  void refusesAFileListedTwiceOrTheManifestItself(String name) {
    refuses(
        written().replaceFirst("\"model.safetensors\"", "\"" + name + "\""),
        "\"files[1].name\" must be listed once");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "abc", "sha256:" + "0", "../../etc/passwd"})
  void refusesADigestOfAnotherForm(String digest) {
    refuses(
        written().replaceFirst(HASH, digest),
        "\"files[0].sha256\" must be 64 lower-case hex digits");
  }

  @Test
  void refusesADigestInCapitals() {
    refuses(written().replaceFirst(HASH, HASH.toUpperCase(Locale.ROOT)), "files[0].sha256");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "1.5", "\"652\"", "9223372036854775808"})
  void refusesASizeThatIsNone(String size) {
    refuses(written().replaceFirst("652", size), "\"files[0].bytes\" must be an integer");
  }

  @Test
  void refusesAFileEntryThatIsNoObject() {
    refuses(with("files", "[1]"), "\"files[0]\" must be an object");
  }

  @ParameterizedTest
  @ValueSource(strings = {"name", "bytes", "sha256"})
  void refusesAFileEntryWithoutAField(String field) {
    String files = "[{\"name\":\"a\",\"bytes\":1,\"sha256\":\"%s\"}]".formatted(HASH);
    String without = files.replaceFirst("(\"" + field + "\":)[^,}]*", "$1null");
    refuses(with("files", without), "\"files[0]." + field + "\" is missing");
  }

  private static String written() {
    return written(MANIFEST);
  }

  private static String written(PackManifest manifest) {
    return new String(manifest.toBytes(), UTF_8);
  }

  /** The manifest of an MLP Memory with one place changed. */
  private static String mlp(String found, String replacement) {
    assertThat(written(MLP)).contains(found);
    return written(MLP).replace(found, replacement);
  }

  /** The manifest with another value for a field, as JSON. */
  private static String with(String field, String value) {
    String json = written();
    int key = json.indexOf("\"" + field + "\" : ");
    int start = key + field.length() + 5;
    int end = field.equals("files") ? json.lastIndexOf(']') + 1 : json.indexOf(",\n", start);
    return json.substring(0, start) + value + json.substring(end);
  }

  private static PackManifest parse(String json) {
    return PackManifest.parse("some/pack.json", json.getBytes(UTF_8));
  }

  private static void refuses(String json, String... messageParts) {
    assertThatThrownBy(() -> parse(json))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("pack.json")
        .hasMessageContainingAll(messageParts);
  }
}

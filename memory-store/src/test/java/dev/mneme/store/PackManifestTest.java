package dev.mneme.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.store.PackManifest.Entry;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import java.nio.file.Path;
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
          "Swiss law, \u00e9dition 2",
          "",
          0.6,
          Architecture.LLAMA,
          512,
          List.of(new Entry("config.json", 652, HASH), new Entry("model.safetensors", 9, HASH)));

  @Test
  void readsBackWhatItWrites() {
    assertThat(parse(written())).isEqualTo(MANIFEST);
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
  @ValueSource(strings = {"0", "2", "-1", "99999"})
  void refusesAnUnknownSchemaVersion(String version) {
    refuses(with("schemaVersion", version), "\"schemaVersion\" must be 1", "found " + version);
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
    refuses(with("kind", "\"mlp-memory\""), "\"kind\" must be \"memory-decoder\"", "mlp-memory");
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
        "m\u00f6del.json"
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
    refuses(with("files", "[{\"name\":\"a\",\"bytes\":1}]"), "\"files[0].sha256\" is missing");
  }

  private static String written() {
    return new String(MANIFEST.toBytes(), UTF_8);
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
    return PackManifest.parse(Path.of("some", "pack.json"), json.getBytes(UTF_8));
  }

  private static void refuses(String json, String... messageParts) {
    assertThatThrownBy(() -> parse(json))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("pack.json")
        .hasMessageContainingAll(messageParts);
  }
}

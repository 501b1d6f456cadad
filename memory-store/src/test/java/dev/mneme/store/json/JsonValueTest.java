package dev.mneme.store.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.testing.NamedPipe;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonValueTest {
  private static final JsonValue JSON =
      parse("{'a':{'list':[{'x':1},{'x':2.5}]},'none':null,'text':'t','big':9223372036854775808}");

  @Test
  void readsNestedFields() {
    assertThat(JSON.get("a").get("list").elements().get(0).get("x").integer(0, 9)).isEqualTo(1);
    assertThat(JSON.get("text").string()).isEqualTo("t");
    assertThat(JSON.members().keySet()).containsExactly("a", "none", "text", "big");
  }

  @Test
  void takesNullForAbsent() {
    assertThat(JSON.find("none")).isEmpty();
    assertThat(JSON.find("missing")).isEmpty();
  }

  @Test
  void namesFileAndPathOfAMissingField() {
    refuses(
        () -> JSON.get("a").get("list").elements().get(1).get("y"),
        "dir/some.json: the field \"a.list[1].y\" is missing");
  }

  @Test
  void namesPathExpectationAndFinding() {
    refuses(
        () -> JSON.get("a").get("list").elements().get(1).get("x").count(),
        "dir/some.json: \"a.list[1].x\" must be an integer from 1 to 2147483647, found 2.5");
    refuses(() -> JSON.get("a").string(), "\"a\" must be a string, found an object");
    refuses(() -> JSON.get("text").number(), "\"text\" must be a finite number, found \"t\"");
    refuses(() -> JSON.get("text").bool(), "\"text\" must be true or false");
    refuses(() -> JSON.get("text").elements(), "\"text\" must be an array");
    refuses(() -> JSON.get("text").members(), "\"text\" must be an object");
    refuses(() -> JSON.get("big").integer(0, Long.MAX_VALUE), "found 9223372036854775808");
  }

  @Test
  void refusesNumbersThatAreNotFinite() {
    refuses(() -> parse("{'x':1e999}").get("x").number(), "must be a finite number");
    refuses(() -> parse("{'x':NaN}"), "not valid JSON at line 1");
    refuses(() -> parse("{'x':0}").get("x").positive(), "must be a finite number above 0");
  }

  @Test
  void refusesAPipeWithoutWaitingForIt(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("config.json");
    NamedPipe.make(file);
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () ->
            assertThatThrownBy(() -> JsonValue.read(file))
                .isInstanceOf(MnemeException.class)
                .hasMessageContainingAll("config.json", "is no regular file"));
  }

  @Test
  void refusesDuplicateKeys() {
    refuses(() -> parse("{'x':1,'x':2}"), "not valid JSON at line 1, column", "Duplicate", "x");
  }

  @Test
  void refusesDuplicateKeysThatAreEqualOnlyAfterUnescaping() {
    refuses(() -> parse("{'x':1,'\\u0078':2}"), "Duplicate");
  }

  @Test
  void refusesTextAfterTheObject() {
    refuses(() -> parse("{} {}"), "not valid JSON");
  }

  @Test
  void refusesAnythingButAnObject() {
    refuses(() -> parse("[1]"), "dir/some.json: expected a JSON object, found an array");
    refuses(() -> parse("1"), "expected a JSON object, found 1");
    refuses(() -> parse(""), "expected a JSON object, found nothing");
  }

  @Test
  void refusesBrokenUtf8() {
    byte[] bytes = {'{', '"', (byte) 0xFF, '"', ':', '1', '}'};
    refuses(() -> JsonValue.parse("dir/some.json", bytes), "not valid JSON");
  }

  @Test
  void refusesBytesThatLookLikeUtf32() {
    byte[] bytes = {0, 0, 0, '{', 'V', '`', 'm', 'e'}; // a guess at encodings would end there
    refuses(() -> JsonValue.parse("dir/some.json", bytes), "dir/some.json", "not valid JSON");
  }

  @Test
  void refusesUtf16() {
    byte[] bytes = "{\"é\":1}".getBytes(StandardCharsets.UTF_16LE);
    refuses(() -> JsonValue.parse("dir/some.json", bytes), "not valid JSON", "UTF-8");
  }

  @Test
  void readsPastAByteOrderMark() {
    assertThat(parse("\uFEFF{'x':1}").get("x").count()).isEqualTo(1);
  }

  @Test
  void refusesDeepNesting() {
    refuses(() -> parse("{'x':" + "[".repeat(100_000)), "not valid JSON");
  }

  @Test
  void namesAFileThatCannotBeRead(@TempDir Path directory) {
    assertThatThrownBy(() -> JsonValue.read(directory.resolve("absent.json")))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("absent.json");
  }

  @Test
  void namesThePlaceOfAValueFarInside() {
    JsonValue inner = parse("{'a':{'b':[0,{'c':1}]}}").get("a").get("b").elements().get(1).get("c");
    refuses(inner::string, "\"a.b[1].c\"");
  }

  @Test
  void walkingManyLevelsDownDoesNotCostTheNamesOfAllLevelsAtEach() {
    String key = "k".repeat(100);
    JsonValue value = parse("{'%s':".formatted(key).repeat(900) + "{}" + "}".repeat(900));
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int level = 0; level < 900; level++) {
      value = value.get(key);
    }
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1 << 20);
  }

  private static JsonValue parse(String json) {
    return JsonValue.parse(
        "dir/some.json", json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  private static void refuses(ThrowingCallable call, String... messageParts) {
    assertThatThrownBy(call)
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll(messageParts);
  }
}

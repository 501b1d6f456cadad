package dev.mneme.store.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Damages JSON so that most of it still is JSON: values replaced by awkward ones or by each other,
 * members removed, repeated, renamed and added, containers nested. One input in five is damaged as
 * bytes instead.
 */
public final class JsonDamage {

  private static final List<String> AWKWARD =
      List.of(
          "0",
          "1",
          "-1",
          "2",
          "3",
          "-0",
          "-0.0",
          "0.0",
          "1e400",
          "-1e400",
          "1e-400",
          "1e308",
          "16.0",
          "1e1",
          "1E+2",
          "0.5",
          "NaN",
          "Infinity",
          "01",
          "+1",
          ".5",
          "2147483647",
          "2147483648",
          "-2147483648",
          "4294967295",
          "536870912",
          "1073741824",
          "9007199254740993",
          "9223372036854775807",
          "9223372036854775808",
          "-9223372036854775808",
          "18446744073709551615",
          "18446744073709551616",
          "1" + "0".repeat(400),
          "null",
          "true",
          "false",
          "\"\"",
          "\" \"",
          "\"a\"",
          "\"\\u0000\"",
          "\"\\ud800\"",
          "\"\\u2581\"",
          "\"../x\"",
          "\"/etc/passwd\"",
          "\"C:\\\\x\"",
          "\"sha256:\"",
          "\"NUL\"",
          "\"1.0.0\"",
          "\"-1\"",
          "[]",
          "{}",
          "[[]]",
          "[0]",
          "[{}]",
          "{\"\":0}",
          "{\"type\":\"Sequence\"}",
          "");

  private static final List<Integer> DEPTHS = List.of(2, 10, 100, 499, 999, 1001, 3000);

  private final Draw draw;
  private final List<byte[]> seeds;

  /** Damage to one of these files. */
  public JsonDamage(Draw draw, List<byte[]> seeds) {
    this.draw = draw;
    this.seeds = seeds;
  }

  /** A damaged file. */
  public byte[] apply() {
    if (draw.oneIn(5)) {
      return new ByteDamage(draw, seeds).apply();
    }
    String text = text(draw.of(seeds));
    for (int times = draw.length(4); times > 0 && text.length() < ByteDamage.MOST_BYTES; times--) {
      text = once(text, JsonSpans.of(text));
    }
    return text.substring(0, Math.min(text.length(), ByteDamage.MOST_BYTES))
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  /** One character for each byte, so that bytes that are no characters survive. */
  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private String once(String text, JsonSpans spans) {
    if (spans.values().isEmpty()) {
      return text + draw.of(AWKWARD);
    }
    JsonSpans.Span value = draw.of(spans.values());
    return switch (draw.below(12)) {
      case 0, 1, 2, 3 -> value.replaced(text, draw.of(AWKWARD));
      case 4, 5 -> value.replaced(text, anyValue());
      case 6 -> value.replaced(text, large());
      case 7 -> nested(text, value, spans);
      default -> spans.keys().isEmpty() ? text : member(text, draw.of(spans.keys()), spans);
    };
  }

  /** A value from any seed. */
  private String anyValue() {
    String other = text(draw.of(seeds));
    return draw.of(JsonSpans.of(other).values()).in(other);
  }

  private String large() {
    return switch (draw.below(4)) {
      case 0 -> "[".repeat(draw.of(DEPTHS));
      case 1 -> {
        int depth = draw.of(DEPTHS);
        yield "[".repeat(depth) + "]".repeat(depth);
      }
      case 2 -> "\"" + "a".repeat(draw.length(4000)) + "\"";
      default -> "[" + (draw.of(AWKWARD) + ",").repeat(draw.length(1000)) + "0]";
    };
  }

  /** A value put many times into itself where it holds another. */
  private String nested(String text, JsonSpans.Span inner, JsonSpans spans) {
    List<JsonSpans.Span> around =
        spans.values().stream()
            .filter(s -> s.start() < inner.start() && inner.end() < s.end())
            .toList();
    if (around.isEmpty()) {
      return text;
    }
    JsonSpans.Span outer = draw.of(around);
    int times =
        Math.min(draw.of(DEPTHS), ByteDamage.MOST_BYTES / (outer.length() - inner.length()));
    return outer.replaced(
        text,
        text.substring(outer.start(), inner.start()).repeat(times)
            + inner.in(text)
            + text.substring(inner.end(), outer.end()).repeat(times));
  }

  /** A member removed, repeated, added or renamed. */
  private String member(String text, JsonSpans.Member member, JsonSpans spans) {
    String whole = text.substring(member.key().start(), member.value().end());
    int start = member.key().start();
    return switch (draw.below(5)) {
      case 0 -> { // with the comma behind it, or else the one before
        int end = member.value().end();
        yield end < text.length() && text.charAt(end) == ','
            ? text.substring(0, start) + text.substring(end + 1)
            : text.substring(0, Math.max(0, text.lastIndexOf(',', start))) + text.substring(end);
      }
      case 1 -> text.substring(0, start) + whole + "," + text.substring(start);
      case 2 ->
          text.substring(0, start)
              + "\"x%d\":".formatted(draw.below(1000))
              + anyValue()
              + ","
              + text.substring(start);
      case 3 -> member.key().replaced(text, draw.of(spans.keys()).key().in(text));
      default -> {
        String key = member.key().in(text);
        int at = 1 + draw.below(Math.max(1, key.length() - 2));
        yield member
            .key()
            .replaced(
                text,
                key.substring(0, at)
                    + "\\u%04x".formatted((int) key.charAt(at))
                    + key.substring(at + 1));
      }
    };
  }
}

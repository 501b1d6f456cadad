package dev.mneme;

import com.google.common.base.Preconditions;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Makes text from files, servers and environment variables safe for messages, logs and terminals.
 * Such text could hold escape sequences that control a terminal, line breaks that forge a line of
 * output, or marks that turn the reading direction.
 *
 * <p>Escaped are control characters (C0, DEL and C1), line and paragraph separators, format
 * characters (bidirectional controls, zero-width characters, byte order marks) and unpaired
 * surrogates, as {@code \n}, {@code \r}, {@code \t} or <code>&#92;uXXXX</code>. A backslash stays
 * as it is, so a text that was escaped is not changed when it is escaped again.
 *
 * <p>A user and password in a web address are replaced by stars.
 */
public final class PrintableText {

  /** Characters of a message; what lies in its middle is left out beyond that. */
  private static final int LONGEST_MESSAGE = 3000;

  /** Characters that are looked at of a longer text, from its beginning and its end. */
  private static final int MOST_EXAMINED = 1 << 16;

  /**
   * A user and password in an address. A password may hold any character but a blank, so the last @
   * before another address ends it; a port and a path with an @ are no password.
   */
  private static final Pattern LOGIN =
      Pattern.compile(
          "(?<=://)(?:[^/\\s@:]{0,1000}:(?!\\d*/)(?:(?!://)\\S){0,1000}|[^/\\s@]{0,1000})@");

  private static final int LONGEST_DETAIL = 600;
  private static final int MOST_DETAILS = 10;

  private PrintableText() {}

  /** A whole message on one line, escaped; its middle is left out beyond 3,000 characters. */
  public static String of(String text) {
    return of(text, LONGEST_MESSAGE);
  }

  /**
   * A value on one line, escaped.
   *
   * @param longest characters to keep; beyond that the middle is left out and the result says how
   *     much, so it is a little longer
   */
  public static String of(String text, int longest) {
    Preconditions.checkArgument(longest > 0, "longest must be above 0, not %s", longest);
    boolean huge = text.length() > MOST_EXAMINED && longest < MOST_EXAMINED;
    String examined = withoutLogins(huge ? ends(text, MOST_EXAMINED, "") : text);
    if (examined.length() <= longest) {
      return escape(examined);
    }
    int leftOut = text.length() - longest;
    return escape(ends(examined, longest, " ... (%d characters left out) ... ".formatted(leftOut)));
  }

  /** A message with one line for each detail, at most ten; the details are indented. */
  static String withDetails(String message, List<String> details) {
    var lines = new StringBuilder(of(message, LONGEST_DETAIL));
    details.stream()
        .limit(MOST_DETAILS)
        .forEach(detail -> lines.append("\n  ").append(of(detail, LONGEST_DETAIL)));
    if (details.size() > MOST_DETAILS) {
      lines.append("\n  and ").append(details.size() - MOST_DETAILS).append(" more");
    }
    return lines.toString();
  }

  /** The text with the users and passwords of web addresses replaced by stars. */
  public static String withoutLogins(String text) {
    return text.contains("://") ? LOGIN.matcher(text).replaceAll("***@") : text;
  }

  /** The beginning and the end of a text, where a message has its advice. */
  private static String ends(String text, int longest, String between) {
    int tail = longest / 4;
    return text.substring(0, longest - tail) + between + text.substring(text.length() - tail);
  }

  /** The text with everything escaped that is not visible on one line; of any length. */
  public static String escape(String text) {
    int plain = 0;
    while (plain < text.length() && isPlain(text.charAt(plain))) {
      plain++;
    }
    if (plain == text.length()) {
      return text;
    }
    var escaped = new StringBuilder(text.length() + 16).append(text, 0, plain);
    text.codePoints().skip(text.codePointCount(0, plain)).forEach(c -> append(c, escaped));
    return escaped.toString();
  }

  /** Printable ASCII, which most texts are. */
  private static boolean isPlain(char c) {
    return c >= ' ' && c <= '~';
  }

  private static void append(int codePoint, StringBuilder escaped) {
    switch (codePoint) {
      case '\n' -> escaped.append("\\n");
      case '\r' -> escaped.append("\\r");
      case '\t' -> escaped.append("\\t");
      default -> {
        if (isVisible(codePoint)) {
          escaped.appendCodePoint(codePoint);
        } else {
          for (char unit : Character.toChars(codePoint)) {
            escaped.append("\\u%04X".formatted((int) unit));
          }
        }
      }
    }
  }

  /** Whether a character takes its own place on one line and changes nothing beside it. */
  public static boolean isVisible(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          false;
      default -> true;
    };
  }
}

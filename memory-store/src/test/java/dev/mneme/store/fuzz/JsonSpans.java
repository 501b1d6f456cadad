package dev.mneme.store.fuzz;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Where values and members stand in a text that is or was JSON: brackets that do not match and
 * other damage are passed over.
 *
 * @param values from the outermost's members on; the whole text is not among them
 * @param keys members of any object
 */
record JsonSpans(List<Span> values, List<Member> keys) {

  /** Characters from start to before end. */
  record Span(int start, int end) {

    int length() {
      return end - start;
    }

    String in(String text) {
      return text.substring(start, end);
    }

    String replaced(String text, String by) {
      return text.substring(0, start) + by + text.substring(end);
    }
  }

  /** A key, quotes included, and its value. */
  record Member(Span key, Span value) {}

  /** The spans of a text. */
  static JsonSpans of(String text) {
    var spans = new JsonSpans(new ArrayList<>(), new ArrayList<>());
    spans.scan(text);
    return spans;
  }

  private void scan(String text) {
    Deque<Integer> open = new ArrayDeque<>();
    Deque<Span> openKeys = new ArrayDeque<>(); // the key before each bracket; empty where none
    var none = new Span(0, 0);
    Span key = none;
    for (int at = 0; at < text.length(); ) {
      char c = text.charAt(at);
      if (c == '{' || c == '[') {
        open.push(at++);
        openKeys.push(key);
        key = none;
      } else if (c == '}' || c == ']') {
        at++;
        if (!open.isEmpty()) {
          add(new Span(open.pop(), at), openKeys.pop());
        }
        key = none;
      } else if (c == ',' || c == ':' || c <= ' ') {
        at++;
      } else {
        var token = new Span(at, tokenEnd(text, at));
        at = token.end();
        if (c == '"' && at < text.length() && colonFollows(text, at)) {
          key = token;
        } else {
          add(token, key);
          key = none;
        }
      }
    }
  }

  private void add(Span value, Span key) {
    if (value.start() > 0) {
      values.add(value);
    }
    if (key.length() > 0) {
      keys.add(new Member(key, value));
    }
  }

  private static int tokenEnd(String text, int start) {
    int at = start + 1;
    if (text.charAt(start) == '"') {
      while (at < text.length() && text.charAt(at) != '"') {
        at += text.charAt(at) == '\\' ? 2 : 1;
      }
      return Math.min(at + 1, text.length());
    }
    while (at < text.length() && ",:{}[]\" \n".indexOf(text.charAt(at)) < 0) {
      at++;
    }
    return at;
  }

  private static boolean colonFollows(String text, int start) {
    int at = start;
    while (at < text.length() && text.charAt(at) <= ' ') {
      at++;
    }
    return at < text.length() && text.charAt(at) == ':';
  }
}

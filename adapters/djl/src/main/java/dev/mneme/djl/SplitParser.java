package dev.mneme.djl;

import dev.mneme.djl.SplitSyntax.Chars;
import dev.mneme.djl.SplitSyntax.Choice;
import dev.mneme.djl.SplitSyntax.Look;
import dev.mneme.djl.SplitSyntax.Repeat;
import dev.mneme.djl.SplitSyntax.Sequence;
import dev.mneme.djl.internal.CharKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the part of Oniguruma's syntax that split patterns use. What it does not know (references,
 * conditions, calls, unusual escapes) it does not read at all, so that nothing is misjudged.
 */
final class SplitParser {

  private static final Pattern COUNT = Pattern.compile("\\{(\\d{1,5})(,(\\d{1,5})?)?\\}");
  private static final Pattern PROPERTY = Pattern.compile("\\{(\\^?)([A-Za-z_]+)\\}");
  private static final Pattern GROUP =
      Pattern.compile("\\?(:|=|!|<=|<!|>|(?:[imx]+(?:-[imx]+)?:))|(?!\\?)");
  private static final int DEEPEST = 50;
  private static final int ASCII = 0x80;
  private static final SplitSyntax NOTHING = new Sequence(List.of());
  private static final Chars NONE = new Chars(Set.of(), Set.of());

  private final String regex;
  private int at;
  private int depth;

  private SplitParser(String regex) {
    this.regex = regex;
  }

  /** The tree of an expression; empty if it has something that is not known. */
  static Optional<SplitSyntax> parse(String regex) {
    var parser = new SplitParser(regex);
    try {
      SplitSyntax all = parser.choice();
      return parser.at == regex.length() ? Optional.of(all) : Optional.empty();
    } catch (UnknownSyntaxException e) {
      return Optional.empty();
    }
  }

  private static final class UnknownSyntaxException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UnknownSyntaxException() {
      super(null, null, false, false);
    }
  }

  private boolean ended() {
    return at >= regex.length();
  }

  private char next() {
    if (ended()) {
      throw new UnknownSyntaxException();
    }
    return regex.charAt(at++);
  }

  private boolean take(String text) {
    boolean there = regex.startsWith(text, at);
    at += there ? text.length() : 0;
    return there;
  }

  private SplitSyntax choice() {
    if (++depth > DEEPEST) {
      throw new UnknownSyntaxException();
    }
    var alternatives = new ArrayList<SplitSyntax>();
    do {
      alternatives.add(sequence());
    } while (take("|"));
    depth--;
    return alternatives.size() == 1 ? alternatives.getFirst() : new Choice(alternatives);
  }

  private SplitSyntax sequence() {
    var parts = new ArrayList<SplitSyntax>();
    while (!ended() && regex.charAt(at) != '|' && regex.charAt(at) != ')') {
      parts.add(quantified(atom()));
    }
    return new Sequence(parts);
  }

  private SplitSyntax quantified(SplitSyntax atom) {
    if (take("*")) {
      return repeat(atom, 0, SplitSyntax.UNBOUNDED);
    }
    if (take("+")) {
      return repeat(atom, 1, SplitSyntax.UNBOUNDED);
    }
    if (take("?")) {
      return repeat(atom, 0, 1);
    }
    Matcher count = COUNT.matcher(regex).region(at, regex.length());
    if (!count.lookingAt()) {
      return atom;
    }
    at = count.end();
    int least = Integer.parseInt(count.group(1));
    int most =
        count.group(2) == null
            ? least
            : count.group(3) == null ? SplitSyntax.UNBOUNDED : Integer.parseInt(count.group(3));
    if (take("+") || take("?") || take("*")) { // means other things in Ruby's syntax
      throw new UnknownSyntaxException();
    }
    return new Repeat(atom, least, most, /* keeps= */ false);
  }

  private SplitSyntax repeat(SplitSyntax atom, int least, int most) {
    boolean keeps = take("+");
    if (!keeps) {
      take("?"); // lazy: the same steps in another order
    }
    if (!ended() && "*+?".indexOf(regex.charAt(at)) >= 0) {
      throw new UnknownSyntaxException();
    }
    return new Repeat(atom, least, most, keeps);
  }

  private SplitSyntax atom() {
    char c = next();
    return switch (c) {
      case '(' -> group();
      case '[' -> charClass();
      case '.' -> Chars.ALL;
      case '^', '$' -> new Look(NOTHING);
      case '\\' -> escape();
      case '*', '+', '?' -> throw new UnknownSyntaxException();
      default -> literal(c);
    };
  }

  private SplitSyntax group() {
    Matcher kind = GROUP.matcher(regex).region(at, regex.length());
    if (!kind.lookingAt()) {
      throw new UnknownSyntaxException();
    }
    at = kind.end();
    SplitSyntax body = choice();
    if (!take(")")) {
      throw new UnknownSyntaxException();
    }
    return switch (kind.group()) {
      case "?=", "?!", "?<=", "?<!" -> new Look(body);
      case "?>" -> new Repeat(body, 1, 1, /* keeps= */ true);
      default -> body;
    };
  }

  private SplitSyntax escape() {
    return switch (next()) {
      case 'b', 'B', 'A', 'z', 'Z', 'G' -> new Look(NOTHING);
      default -> {
        at--;
        yield escapedChars();
      }
    };
  }

  /** What follows a backslash and stands for one character of a set. */
  private Chars escapedChars() {
    char c = next();
    return switch (c) {
      case 's' -> Chars.all(CharKind.WHITE_SPACE);
      case 'S' -> Chars.all(CharKind.WHITE_SPACE).not();
      case 'd' -> Chars.some(CharKind.NUMBER);
      case 'D' -> Chars.some(CharKind.NUMBER).not();
      case 'w' -> Chars.some(CharKind.LETTER, CharKind.MARK, CharKind.NUMBER, CharKind.OTHER);
      case 'W' -> Chars.some(CharKind.LETTER, CharKind.values());
      case 'r', 'n', 't', 'f', 'v' -> Chars.some(CharKind.WHITE_SPACE);
      case 'p', 'P' -> property(c == 'P');
      case 'u' -> hex(4);
      case 'x' -> take("{") ? braced() : hex(2);
      default -> {
        if (Character.isLetterOrDigit(c)) {
          throw new UnknownSyntaxException();
        }
        yield literal(c);
      }
    };
  }

  private Chars hex(int digits) {
    if (at + digits > regex.length()) {
      throw new UnknownSyntaxException();
    }
    return code(regex.substring(at, at += digits));
  }

  private Chars braced() {
    int end = regex.indexOf('}', at);
    if (end < 0 || end - at > 6) {
      throw new UnknownSyntaxException();
    }
    String digits = regex.substring(at, end);
    at = end + 1;
    return code(digits);
  }

  private static Chars code(String digits) {
    try {
      return Chars.some(CharKind.of(Integer.parseInt(digits, 16)));
    } catch (NumberFormatException e) {
      throw new UnknownSyntaxException();
    }
  }

  private Chars property(boolean negative) {
    Matcher name = PROPERTY.matcher(regex).region(at, regex.length());
    if (!name.lookingAt()) {
      throw new UnknownSyntaxException();
    }
    at = name.end();
    Chars chars =
        switch (name.group(2)) {
          case "L", "Letter", "Alphabetic" -> Chars.all(CharKind.LETTER);
          case "Lu", "Ll", "Lt", "Lm", "Lo" -> Chars.some(CharKind.LETTER);
          case "M", "Mark" -> Chars.all(CharKind.MARK);
          case "Mn", "Mc", "Me" -> Chars.some(CharKind.MARK);
          case "N", "Number" -> Chars.all(CharKind.NUMBER);
          case "Nd", "Nl", "No" -> Chars.some(CharKind.NUMBER);
          case "P", "S", "C" -> Chars.some(CharKind.OTHER);
          default -> Chars.some(CharKind.LETTER, CharKind.values());
        };
    return negative != name.group(1).equals("^") ? chars.not() : chars;
  }

  /** A class without its opening bracket. */
  private Chars charClass() {
    if (++depth > DEEPEST) {
      throw new UnknownSyntaxException();
    }
    boolean negative = take("^");
    Chars all = NONE;
    @Nullable Chars left = null;
    boolean first = true;
    while (first || !take("]")) {
      first = false;
      if (take("&&")) { // what is in both is a part of what stands on the left
        left = left == null ? all : left;
        all = NONE;
        continue;
      }
      all = all.or(member());
    }
    depth--;
    Chars members = left == null ? all : new Chars(left.touched(), NONE.covered());
    return negative ? members.not() : members;
  }

  private Chars member() {
    if (ended()) {
      throw new UnknownSyntaxException();
    }
    int from = regex.codePointAt(at);
    Chars one = memberStart();
    boolean range =
        at + 1 < regex.length() && regex.charAt(at) == '-' && regex.charAt(at + 1) != ']';
    if (!range) {
      return one;
    }
    at++;
    int to = regex.codePointAt(at);
    Chars other = memberStart();
    return from < ASCII
            && to < ASCII
            && Character.isLetterOrDigit(from)
            && Character.getType(from) == Character.getType(to)
        ? one.or(other)
        : Chars.some(CharKind.LETTER, CharKind.values());
  }

  private Chars memberStart() {
    char c = next();
    return switch (c) {
      case '\\' -> escapedChars();
      case '[' -> {
        if (!ended() && regex.charAt(at) == ':') {
          throw new UnknownSyntaxException();
        }
        yield charClass();
      }
      default -> literal(c);
    };
  }

  private Chars literal(char c) {
    int codePoint = c;
    if (Character.isHighSurrogate(c) && !ended()) {
      codePoint = Character.toCodePoint(c, next());
    }
    return Chars.some(CharKind.of(codePoint));
  }
}

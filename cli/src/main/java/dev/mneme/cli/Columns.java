package dev.mneme.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/**
 * Two texts beside each other, wrapped between words. A text is a list of pieces, some of them
 * marked: shaded in a terminal with colours, in brackets elsewhere.
 */
final class Columns {

  private static final String SHADE = "\u001b[48;5;28m";
  private static final String PLAIN = "\u001b[0m";

  /** A part of a text. */
  record Piece(String text, boolean marked) {}

  private final int width;
  private final Ansi ansi;

  /**
   * Columns in a terminal.
   *
   * @param width of each, in characters
   */
  Columns(int width, Ansi ansi) {
    this.width = width;
    this.ansi = ansi;
  }

  void print(String indent, List<Piece> left, List<Piece> right, PrintWriter out) {
    List<List<Cell>> lefts = lines(left);
    List<List<Cell>> rights = lines(right);
    for (int i = 0; i < Math.max(lefts.size(), rights.size()); i++) {
      List<Cell> first = i < lefts.size() ? lefts.get(i) : List.of();
      List<Cell> second = i < rights.size() ? rights.get(i) : List.of();
      String gap = second.isEmpty() ? "" : " ".repeat(width - first.size() + 2);
      out.println(indent + render(first) + gap + render(second));
    }
  }

  /** How a marked text looks. */
  String marked(String text) {
    return render(cells(List.of(new Piece(text, true))));
  }

  /** One place of a line. */
  private record Cell(int codePoint, boolean shaded) {

    boolean blank() {
      return Character.isWhitespace(codePoint) || Character.isISOControl(codePoint);
    }
  }

  /** Neighbouring marked pieces become one; blanks are never marked. */
  private List<Cell> cells(List<Piece> pieces) {
    var cells = new ArrayList<Cell>();
    boolean within = false;
    for (Piece piece : pieces) {
      for (int c : piece.text().codePoints().toArray()) {
        var cell = new Cell(c, false);
        boolean marked = piece.marked() && !cell.blank();
        if (marked != within && !ansi.enabled()) {
          cells.add(new Cell(marked ? '[' : ']', false));
        }
        within = marked;
        cells.add(new Cell(c, marked && ansi.enabled()));
      }
    }
    if (within && !ansi.enabled()) {
      cells.add(new Cell(']', false));
    }
    return cells;
  }

  private List<List<Cell>> lines(List<Piece> pieces) {
    var lines = new ArrayList<List<Cell>>();
    var line = new ArrayList<Cell>();
    for (List<Cell> word : words(cells(pieces))) {
      if (!line.isEmpty() && line.size() + 1 + word.size() > width) {
        lines.add(List.copyOf(line));
        line.clear();
      }
      if (!line.isEmpty()) {
        line.add(new Cell(' ', false));
      }
      line.addAll(word);
    }
    lines.add(line);
    return lines;
  }

  /** What stands between blanks, cut where it is longer than a line. */
  private List<List<Cell>> words(List<Cell> cells) {
    var words = new ArrayList<List<Cell>>();
    var word = new ArrayList<Cell>();
    for (Cell cell : cells) {
      if (!cell.blank()) {
        word.add(cell);
      }
      if (!word.isEmpty() && (cell.blank() || word.size() == width)) {
        words.add(List.copyOf(word));
        word.clear();
      }
    }
    words.add(word);
    return words;
  }

  private static String render(List<Cell> cells) {
    var text = new StringBuilder();
    boolean shaded = false;
    for (Cell cell : cells) {
      if (cell.shaded() != shaded) {
        text.append(cell.shaded() ? SHADE : PLAIN);
        shaded = cell.shaded();
      }
      text.appendCodePoint(cell.codePoint());
    }
    return text.append(shaded ? PLAIN : "").toString();
  }
}

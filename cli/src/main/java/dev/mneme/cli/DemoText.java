package dev.mneme.cli;

import com.google.common.base.Strings;
import dev.mneme.cli.Columns.Piece;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Help.Ansi;

/** The demo's figures for people, in at most 100 columns. */
final class DemoText {

  private static final int WIDTH = 98;
  private static final int COLUMN = (WIDTH - 4) / 2;
  private static final int MOST_EXAMPLES = 5;
  private static final int DIGEST_SHOWN = "sha256:".length() + 12;

  private final PrintWriter out;
  private final Ansi ansi;
  private final Columns columns;

  DemoText(PrintWriter out, Ansi ansi) {
    this.out = out;
    this.ansi = ansi;
    this.columns = new Columns(COLUMN, ansi);
  }

  void begin(String host, double seconds) {
    line(
        "The host %s is open (%.1f s) and stays open; its file is only read.", bold(host), seconds);
    line("Memories now come and go. The passages were written for this demo; no model saw them.");
    line(
        "' drug' 0.010 > 0.200 is a token and its probability by the host alone and with the"
            + " memory.");
    out.flush();
  }

  void domain(Demo.Domain domain) {
    String name = domain.pack().name();
    line("");
    line(
        "%s  attached in %.2f s: %.1f MB, lambda %s, %s",
        bold(Strings.padEnd(name, 12, ' ')),
        domain.attachSeconds(),
        Demo.bytes(domain.pack()) / 1e6,
        domain.lambda(),
        domain.pack().digest().substring(0, DIGEST_SHOWN));
    double host = domain.perplexity().host();
    double mixed = domain.perplexity().mixed();
    line(
        "  perplexity   host alone %.1f, with the memory %s: %.0f %% %s, over %d tokens of a"
            + " passage",
        host,
        bold(String.format(Locale.ROOT, "%.1f", mixed)),
        100 * Math.abs(1 - mixed / host),
        mixed <= host ? "lower" : "higher",
        domain.passageTokens());
    wrapped(
        "  better at    ",
        domain.helped().stream()
            .map(
                token ->
                    String.format(
                        Locale.ROOT,
                        "%s %.3f > %.3f",
                        quoted(token.token()),
                        token.probability().host(),
                        token.probability().mixed()))
            .toList());
    line("");
    line("  prompt: %s", domain.passage().prompt());
    columns.print(
        "  ",
        heading("host alone", domain.speed().host()),
        heading("with " + name, domain.speed().mixed()),
        out);
    columns.print(
        "  ",
        List.of(new Piece(domain.withHost(), false)),
        domain.withMemory().stream()
            .map(token -> new Piece(token.text(), token.changed()))
            .toList(),
        out);
    changes(domain);
    domain.reader().ifPresent(this::reader);
    out.flush();
  }

  private void reader(Demo.Reader reader) {
    line(
        "  %s  reads the host's activation: %.1f MB, lambda %s, %.0f tokens a second",
        bold(reader.pack().name()),
        Demo.bytes(reader.pack()) / 1e6,
        reader.lambda(),
        reader.speed());
    line(
        "  perplexity   with it %s, with both memories at half weight %s",
        bold(String.format(Locale.ROOT, "%.1f", reader.perplexity())),
        bold(String.format(Locale.ROOT, "%.1f", reader.together())));
  }

  private static List<Piece> heading(String what, double speed) {
    return List.of(
        new Piece(String.format(Locale.ROOT, "-- %s, %.0f tokens a second", what, speed), false));
  }

  private void changes(Demo.Domain domain) {
    line(
        "  %s: %d of %d tokens, where the host alone would have gone on differently.",
        columns.marked("marked"), domain.changed(), domain.withMemory().size());
    wrapped(
        "  for example  ",
        domain.withMemory().stream()
            .filter(t -> t.changed() && !t.text().isEmpty() && !t.hostText().isEmpty())
            .map(
                token ->
                    String.format(
                        Locale.ROOT,
                        "%s not %s (%.0f %% from memory)",
                        quoted(token.text()),
                        quoted(token.hostText()),
                        100 * token.share()))
            .distinct()
            .limit(MOST_EXAMPLES)
            .toList());
  }

  void matrix(Demo.Matrix matrix) {
    line("");
    line("%s of each passage; * marks each column's lowest", bold("Perplexity"));
    var header = new StringBuilder(Strings.padEnd("", 20, ' '));
    Map<String, Double> host = matrix.rows().values().iterator().next();
    host.keySet().forEach(domain -> header.append(Strings.padStart(domain, 14, ' ')));
    line("%s", header);
    matrix
        .rows()
        .forEach(
            (memory, row) -> {
              var text = new StringBuilder(memory.isEmpty() ? "  host alone" : "  with " + memory);
              text.append(" ".repeat(Math.max(1, 20 - text.length())));
              row.forEach((domain, value) -> text.append(cell(matrix, domain, value)));
              line("%s", text.toString().stripTrailing());
            });
  }

  private String cell(Demo.Matrix matrix, String domain, double value) {
    double lowest =
        matrix.rows().values().stream()
            .mapToDouble(row -> row.getOrDefault(domain, value))
            .min()
            .orElse(value);
    String text = Strings.padStart(String.format(Locale.ROOT, "%.1f", value), 13, ' ');
    return value == lowest ? bold(text) + "*" : text + " ";
  }

  void end(Demo.Matrix matrix, double seconds) {
    line("");
    line(
        "Changing memories took %s.",
        String.join(
            ", ",
            matrix.changeSeconds().entrySet().stream()
                .map(e -> String.format(Locale.ROOT, "%.2f s (%s)", e.getValue(), e.getKey()))
                .toList()));
    line("All of this took %.1f s. --json gives the same figures to machines.", seconds);
    out.flush();
  }

  private void wrapped(String label, List<String> items) {
    String indent = " ".repeat(label.length());
    var lines = new ArrayList<String>();
    String line = "";
    for (String item : items) {
      if (!line.isEmpty() && label.length() + line.length() + 3 + item.length() > WIDTH) {
        lines.add(line + ",");
        line = "";
      }
      line += line.isEmpty() ? item : ", " + item;
    }
    if (!line.isEmpty()) {
      lines.add(line);
    }
    for (int i = 0; i < lines.size(); i++) {
      line("%s", (i == 0 ? label : indent) + lines.get(i));
    }
  }

  /** A token in quotes, so that the blank before a word shows. */
  private static String quoted(String token) {
    var text = new StringBuilder("'");
    token.codePoints().forEach(c -> text.appendCodePoint(Character.isISOControl(c) ? '?' : c));
    return text.append('\'').toString();
  }

  private String bold(String text) {
    return ansi.enabled() ? "\u001b[1m" + text + "\u001b[0m" : text;
  }

  private void line(String format, Object... values) {
    out.printf(Locale.ROOT, format + "%n", values);
  }
}

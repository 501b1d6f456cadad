package dev.mneme.cli;

import dev.mneme.GeneratedToken;
import dev.mneme.GenerationRequest;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryUse;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Help.Ansi;

/**
 * Shows which memory wrote what: in a terminal each token on a background as strong as the share of
 * its strongest memory, one hue a memory; elsewhere one line a token with the numbers.
 */
final class Explanation {

  /** Backgrounds of the 256-colour palette from faint to strong, one row a memory. */
  private static final int[][] SHADES = {
    {236, 22, 28, 34}, {236, 17, 19, 27}, {236, 52, 88, 124}, {236, 53, 90, 127},
  };

  private Explanation() {}

  static void write(
      MemoryAugmentedModel model, GenerationRequest request, Ansi ansi, PrintWriter out) {
    List<MemoryUse> memories = model.memories();
    if (ansi.enabled()) {
      for (int i = 0; i < memories.size(); i++) {
        out.print(coloured(" " + memories.get(i).name() + " ", i, 1) + " ");
      }
      out.println("(the stronger the colour, the more of the token's probability the memory gave)");
      model.stream(request, token -> out.print(shaded(token)));
      out.println();
    } else {
      model.stream(request, token -> out.println(line(model, token)));
    }
  }

  private static String shaded(GeneratedToken token) {
    List<Double> shares = List.copyOf(token.shares().values());
    int strongest = 0;
    for (int i = 1; i < shares.size(); i++) {
      strongest = shares.get(i) > shares.get(strongest) ? i : strongest;
    }
    return shares.isEmpty()
        ? token.text()
        : coloured(token.text(), strongest, shares.get(strongest));
  }

  private static String coloured(String text, int memory, double share) {
    int[] shades = SHADES[memory % SHADES.length];
    int shade = (int) Math.round(share * shades.length);
    return shade == 0 ? text : "\u001b[48;5;" + shades[shade - 1] + "m" + text + "\u001b[0m";
  }

  private static String line(MemoryAugmentedModel model, GeneratedToken token) {
    var line = new StringBuilder();
    line.append(
        String.format(
            Locale.ROOT,
            "%-16s p %.4f",
            model.host().vocabulary().describe(token.id()),
            Math.exp(token.logProbability())));
    token
        .shares()
        .forEach(
            (name, share) -> line.append(String.format(Locale.ROOT, "  %s %.4f", name, share)));
    return line.toString();
  }
}

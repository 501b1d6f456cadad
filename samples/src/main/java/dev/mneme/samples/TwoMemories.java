package dev.mneme.samples;

import static java.util.Objects.requireNonNull;

import dev.mneme.HostLoader;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryUse;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.MemoryLoader;
import java.util.List;
import java.util.Locale;

/**
 * Mixes a host with two memories at once. A passage about a bank before a court belongs to both
 * domains; it is measured with the host alone, with each memory, and with both, whose lambdas share
 * what one memory had. The host keeps the rest: p = (1 - λ₁ - λ₂) p_host + λ₁ p_law + λ₂ p_finance.
 */
public final class TwoMemories {

  private static final String PASSAGE =
      """
      The bank brought this action to recover the balance of a loan secured by a mortgage on the \
      defendant's property. Interest rates had risen, revenue from rents declined, and the \
      borrower failed to make the payments due. The district court entered judgment for the bank. \
      The borrower appeals, arguing that the bank did not disclose the fees and the annual \
      percentage rate as the statute requires. Total assets of the company decreased by four \
      percent during the fiscal year, and its credit facility expired in December. We review the \
      grant of summary judgment de novo and affirm.\
      """;

  private TwoMemories() {}

  /** Runs it; without arguments. */
  public static void main(String[] args) {
    var host = HostLoader.open(ClassPathModels.here().host("host-3m"));
    try (var model = MemoryAugmentedModel.over(host)) {
      System.out.println("Perplexity of a passage on a bank before a court");
      print(model);
      attach(model, "law", 0.7);
      print(model);
      model.detach("law");
      attach(model, "finance", 0.7);
      print(model);
      model.detach("finance");
      attach(model, "law", 0.4);
      attach(model, "finance", 0.3);
      print(model);
    }
  }

  private static void attach(MemoryAugmentedModel model, String name, double lambda) {
    model.attach(MemoryLoader.open(name, model.host()), LambdaPolicy.fixed(lambda));
  }

  private static void print(MemoryAugmentedModel model) {
    List<MemoryUse> memories = model.memories();
    double rest = 1;
    var formula = new StringBuilder();
    for (MemoryUse memory : memories) {
      double lambda = requireNonNull(memory.lambda());
      rest -= lambda;
      formula.append(String.format(Locale.ROOT, " + %.1f %s", lambda, memory.name()));
    }
    System.out.printf(
        Locale.ROOT,
        "  %-32s %8.2f%n",
        String.format(Locale.ROOT, "%.1f host%s", rest, formula),
        model.score(PASSAGE).perplexity());
  }
}

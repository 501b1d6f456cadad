package dev.mneme.samples;

import dev.mneme.HostLoader;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryModule;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.MemoryLoader;
import java.util.List;
import java.util.Locale;

/**
 * Swaps the memories of three domains on one open host, and measures after each swap how well the
 * same passages are predicted. The lower the perplexity the better; each domain should be best in
 * its own column.
 */
public final class SwapDomains {

  private static final List<String> PACKS = List.of("law", "finance", "biomedicine");

  /** One passage for each pack, in the same order. */
  private static final List<String> PASSAGES =
      List.of(
          """
          The defendant moved to dismiss the complaint for failure to state a claim. The district \
          court granted the motion, holding that the statute of limitations had run before the \
          plaintiff filed suit. On appeal, the plaintiff argues that the court erred because the \
          defendant concealed the breach. We agree, reverse the judgment and remand.\
          """,
          """
          Net income for the quarter increased by eight percent, reflecting higher interest income \
          on loans and lower provisions for credit losses. The company repurchased shares of its \
          common stock and declared a dividend. Management expects capital expenditures to \
          decline next year as demand in its main markets weakens.\
          """,
          """
          Blood samples were collected from 96 patients before and after treatment, and serum \
          levels of the protein were measured. Expression of the gene was significantly higher in \
          tumor tissue than in normal tissue. Our results suggest that the receptor plays a role \
          in the growth of these cells and may be a target for therapy.\
          """);

  private SwapDomains() {}

  /** Runs it; without arguments. */
  public static void main(String[] args) {
    var host = HostLoader.open(ClassPathModels.here().host("host-3m"));
    try (var model = MemoryAugmentedModel.over(host)) {
      System.out.println("Perplexity of a passage on");
      System.out.printf("%-18s%12s%12s%12s%n", "", "law", "finance", "biomedicine");
      print("host alone", model);
      String attached = "";
      for (String name : PACKS) {
        MemoryModule memory = MemoryLoader.open(name, host);
        if (attached.isEmpty()) {
          model.attach(memory, LambdaPolicy.fixed(0.6));
        } else { // in one step: a generation running meanwhile goes on with the old one
          model.swap(attached, memory, LambdaPolicy.fixed(0.6));
        }
        attached = name;
        print("with " + name, model);
      }
    }
  }

  private static void print(String row, MemoryAugmentedModel model) {
    System.out.printf("%-18s", row);
    for (String passage : PASSAGES) {
      System.out.printf(Locale.ROOT, "%12.1f", model.score(passage).perplexity());
    }
    System.out.println();
  }
}

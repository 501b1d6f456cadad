package dev.mneme.cli;

import dev.mneme.MnemeException;
import dev.mneme.store.ClassPathModels;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The main job from end to end, with the models that ship. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Opens the shipped host and attaches the shipped memories in turn, while it stays open.",
      "Shows for a passage of each domain what its memory changes, then each memory on each"
          + " passage."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated field
final class DemoCommand implements Callable<Integer> {

  private static final String HOST = "host-3m";

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print one JSON object instead of text.")
  private boolean json;

  @Override
  public Integer call() {
    long start = System.nanoTime();
    PrintWriter out = spec.commandLine().getOut();
    var text = new DemoText(out, spec.commandLine().getColorScheme().ansi());
    List<String> packs = ClassPathModels.here().packs();
    List<DemoPassage> known =
        DemoPassage.DOMAINS.stream().filter(passage -> packs.contains(passage.domain())).toList();
    if (known.isEmpty()) {
      throw new MnemeException(
          "the demo shows packs for %s and the class path has none of them; add a dependency such as mneme-pack-law"
              .formatted(DemoPassage.DOMAINS.stream().map(DemoPassage::domain).toList()));
    }
    List<DemoPassage> passages =
        Stream.concat(DemoPassage.DOMAINS.stream(), Stream.of(DemoPassage.GENERAL)).toList();
    try (var demo = new Demo(HOST)) {
      if (!json) {
        text.begin(HOST, secondsSince(start));
      }
      var domains = new ArrayList<Demo.Domain>();
      for (DemoPassage passage : known) {
        Demo.Domain domain = demo.show(passage);
        domains.add(domain);
        if (!json) {
          text.domain(domain);
        }
      }
      Demo.Matrix matrix = demo.matrix(passages, demo.packsOf(known));
      if (json) {
        out.println(Json.write(DemoJson.of(HOST, domains, matrix, secondsSince(start))));
      } else {
        text.matrix(matrix);
        text.end(matrix, secondsSince(start));
      }
    }
    out.flush();
    return 0;
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }
}

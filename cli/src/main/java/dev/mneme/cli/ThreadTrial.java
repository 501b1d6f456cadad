package dev.mneme.cli;

import dev.mneme.HostSession;
import dev.mneme.Rows;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.llamacpp.LlamaCppOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How long single tokens take with a number of threads: a small shipped host shows at once whether
 * threads wait for each other.
 *
 * @param medianMillis of the calls
 * @param longestMillis of any call
 */
record ThreadTrial(int threads, double medianMillis, double longestMillis) {

  static final String HOST = "host-3m";

  private static final int WARM_UP = 8;
  private static final int CALLS = 48;
  private static final int TOKEN = 100;

  /** One thread, then as many as there are cores; one after the other in turn would mix them. */
  static List<ThreadTrial> of(@Nullable Path library, int cores) {
    Path host = ModelNames.host(HOST);
    var trials = new ArrayList<ThreadTrial>();
    trials.add(run(host, library, 1));
    if (cores > 1) {
      trials.add(run(host, library, cores));
    }
    return trials;
  }

  private static ThreadTrial run(Path file, @Nullable Path library, int threads) {
    LlamaCppOptions options =
        LlamaCppOptions.defaults().withLibrary(library).withThreads(threads).withContextLength(128);
    try (LlamaCppHost host = LlamaCppHost.open(file, options);
        HostSession session = host.openSession(threads)) {
      double[] millis = new double[CALLS];
      for (int i = -WARM_UP; i < CALLS; i++) {
        long start = System.nanoTime();
        session.forward(new int[] {TOKEN}, Rows.LAST);
        if (i >= 0) {
          millis[i] = (System.nanoTime() - start) / 1e6;
        }
      }
      Arrays.sort(millis);
      return new ThreadTrial(threads, millis[CALLS / 2], millis[CALLS - 1]);
    }
  }
}

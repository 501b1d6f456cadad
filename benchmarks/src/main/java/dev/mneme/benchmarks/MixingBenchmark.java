package dev.mneme.benchmarks;

import dev.mneme.Mixture;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Time to mix one memory into a host's row of 151,936 entries, and what a step allocates; one
 * thread. Which arithmetic {@link Mixture} takes depends on the JVM, so each has forks of its own.
 * On a machine with other work the median of the samples says more than the mean. Bytes are to be
 * read from the mean's runs: keeping samples allocates.
 */
@State(Scope.Thread)
@BenchmarkMode({Mode.AverageTime, Mode.SampleTime})
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 3)
@Measurement(iterations = 5, time = 2)
@Threads(1)
@SuppressWarnings("NullAway.Init") // JMH calls open() before anything else
public class MixingBenchmark {

  private static final int WIDTH = 151_936;
  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  private final double[] lambda = {0.6};
  private Arena arena;
  private MemorySegment host;
  private MemorySegment memory;
  private Mixture mixture;

  /** Runs both with the allocation profiler: ms/op, and B/op as {@code gc.alloc.rate.norm}. */
  public static void main(String[] args) throws RunnerException {
    new Runner(
            new OptionsBuilder()
                .include(MixingBenchmark.class.getName())
                .addProfiler(GCProfiler.class)
                .build())
        .run();
  }

  /** Makes the rows, and checks that this JVM takes the arithmetic the benchmark is named for. */
  @Setup
  public void open(BenchmarkParams params) {
    boolean vector = ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
    if (vector != params.getBenchmark().endsWith(".vectorApi")) {
      throw new IllegalStateException(
          "%s must not run in a JVM %s %s"
              .formatted(params.getBenchmark(), vector ? "with" : "without", VECTOR_MODULE));
    }
    arena = Arena.ofConfined();
    host = row(arena, 1);
    memory = row(arena, 2);
    mixture = new Mixture(WIDTH, 1);
  }

  @TearDown
  public void close() {
    arena.close();
  }

  // Fork.jvmArgs, unlike jvmArgsAppend, leaves out what the starting JVM was given.

  @Benchmark
  @Fork(
      value = 3,
      jvmArgs = {"-XX:+UseSerialGC", "--add-modules", VECTOR_MODULE})
  public float[] vectorApi() {
    return mix();
  }

  @Benchmark
  @Fork(value = 3, jvmArgs = "-XX:+UseSerialGC")
  public float[] plainJava() {
    return mix();
  }

  private float[] mix() {
    mixture.loadHost(host);
    if (!mixture.loadMemory(0, memory)) {
      throw new IllegalStateException("the memory's row holds NaN or infinities");
    }
    mixture.weigh(lambda);
    return mixture.probabilities();
  }

  private static MemorySegment row(Arena arena, long seed) {
    var random = new Random(seed);
    MemorySegment row = arena.allocate(ValueLayout.JAVA_FLOAT, WIDTH);
    for (int i = 0; i < WIDTH; i++) {
      row.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (4 * random.nextGaussian()));
    }
    return row;
  }
}

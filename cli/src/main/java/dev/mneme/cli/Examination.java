package dev.mneme.cli;

import com.sun.management.OperatingSystemMXBean;
import dev.mneme.MnemeException;
import dev.mneme.llamacpp.LlamaCppLibrary;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What this process found to run GGUF models on.
 *
 * @param library the llama.cpp in use; absent if it cannot be
 * @param failure why not
 * @param threads settings from outside that change how threads wait, by name
 * @param trial what threads cost here; absent without the shipped host
 * @param advice what to change, most important first
 */
record Examination(
    Machine machine,
    Optional<LlamaCppLibrary> library,
    Optional<String> failure,
    Map<String, String> threads,
    Optional<List<ThreadTrial>> trial,
    List<String> advice) {

  /** What GNU's and LLVM's OpenMP read at their start. */
  private static final List<String> OPENMP_SETTINGS =
      List.of("OMP_WAIT_POLICY", "OMP_PROC_BIND", "GOMP_CPU_AFFINITY", "GOMP_SPINCOUNT");

  private static final double STALL = 8; // longest step with threads against a usual one without

  /**
   * The process and what it runs on.
   *
   * @param load cores that programs used over the last minute; negative if unknown
   */
  record Machine(
      String java,
      String javaHome,
      boolean nativeAccess,
      boolean vectorApi,
      String processor,
      boolean avx512,
      int cores,
      double load,
      long memoryBytes) {

    private static Machine here() {
      var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
      String cpu = cpuInfo();
      String model =
          cpu.lines()
              .filter(line -> line.startsWith("model name"))
              .findFirst()
              .map(line -> line.substring(line.indexOf(':') + 1).strip())
              .orElse(System.getProperty("os.arch"));
      return new Machine(
          Runtime.version() + " of " + System.getProperty("java.vendor"),
          System.getProperty("java.home"),
          Machine.class.getModule().isNativeAccessEnabled(),
          ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(),
          model,
          cpu.contains(" avx512vnni") || cpu.contains(" avx512_vnni"),
          Runtime.getRuntime().availableProcessors(),
          system.getSystemLoadAverage(),
          system.getTotalMemorySize());
    }

    private static String cpuInfo() {
      try {
        return Files.readString(Path.of("/proc/cpuinfo"));
      } catch (IOException e) {
        return ""; // not Linux
      }
    }
  }

  /** Looks, and tries. */
  static Examination of(@Nullable Path path) {
    Machine machine = Machine.here();
    Optional<LlamaCppLibrary> library = Optional.empty();
    Optional<String> failure = Optional.empty();
    Optional<List<ThreadTrial>> trial = Optional.empty();
    try {
      library = Optional.of(LlamaCppLibrary.inspect(path));
      trial = Optional.of(ThreadTrial.of(path, machine.cores));
    } catch (MnemeException e) {
      failure = Optional.of(String.valueOf(e.getMessage()));
    }
    var threads = new LinkedHashMap<String, String>();
    boolean openMp = library.map(LlamaCppLibrary::usesOpenMp).orElse(false);
    threads.put("threads", openMp ? "OpenMP's" : "llama.cpp's own");
    if (openMp) {
      for (String name : OPENMP_SETTINGS) {
        threads.put(name, Optional.ofNullable(System.getenv(name)).orElse("not set"));
      }
    }
    return new Examination(
        machine,
        failure.isPresent() ? Optional.empty() : library,
        failure,
        threads,
        trial,
        advice(machine, library, failure, trial.orElse(List.of()), System.getenv()));
  }

  /** What to change, from what was found. */
  static List<String> advice(
      Machine machine,
      Optional<LlamaCppLibrary> library,
      Optional<String> failure,
      List<ThreadTrial> trial,
      Map<String, String> environment) {
    var advice = new ArrayList<String>();
    if (failure.isPresent()) {
      advice.add("get a llama.cpp that Mneme can use (docs/llama-cpp.md), and name its folder");
    }
    if (!machine.nativeAccess) {
      advice.add("start Java with --enable-native-access=ALL-UNNAMED; later JDKs will insist");
    }
    if (!machine.vectorApi) {
      advice.add("start Java with --add-modules jdk.incubator.vector, which makes mixing faster");
    }
    library.ifPresent(found -> adviceOn(found, machine, environment, advice));
    adviceOnThreads(machine, trial, advice);
    return advice;
  }

  private static void adviceOn(
      LlamaCppLibrary library,
      Machine machine,
      Map<String, String> environment,
      List<String> advice) {
    if (machine.avx512 && !library.features().containsKey("AVX512")) {
      advice.add(
          "this processor has AVX-512 and the library does not use it: a current release reads"
              + " prompts faster (docs/llama-cpp.md)");
    }
    if (library.hasGpu()) {
      advice.add("a GPU is there and is used only when asked: --gpu-layers all");
    }
    if (library.usesOpenMp()) {
      String wait = environment.getOrDefault("OMP_WAIT_POLICY", "");
      if (wait.equalsIgnoreCase("active")) {
        advice.add(
            "unset OMP_WAIT_POLICY=ACTIVE: threads that wait would hold their cores all the time");
      } else if (!wait.equalsIgnoreCase("passive")) {
        advice.add(
            "where other programs use the same cores, set OMP_WAIT_POLICY=PASSIVE: threads that"
                + " wait then sleep instead of spinning; it costs a factor of 2 where the cores are"
                + " free");
      }
      if (environment.containsKey("GOMP_CPU_AFFINITY")
          || environment.getOrDefault("OMP_PROC_BIND", "false").equalsIgnoreCase("true")) {
        advice.add(
            "unset OMP_PROC_BIND and GOMP_CPU_AFFINITY: they tie the threads of host and memories"
                + " to the same cores");
      }
    }
  }

  private static void adviceOnThreads(
      Machine machine, List<ThreadTrial> trial, List<String> advice) {
    boolean stalls =
        trial.size() > 1
            && trial.getLast().longestMillis() > STALL * trial.getFirst().medianMillis()
            && trial.getLast().longestMillis() > 2 * trial.getFirst().longestMillis();
    if (stalls || machine.load > 0.75 * machine.cores) {
      advice.add(
          "other programs use this machine's cores (%.1f of %d), and threads of llama.cpp wait for each other by spinning: one step may take ten times as long. Mneme notices and goes on with one thread; --threads 1 avoids the first stall"
              .formatted(Math.max(0, machine.load), machine.cores));
    }
  }
}

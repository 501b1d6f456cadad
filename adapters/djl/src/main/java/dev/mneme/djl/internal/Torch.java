package dev.mneme.djl.internal;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.pytorch.engine.PtEngineProvider;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.pytorch.jni.LibUtils;
import dev.mneme.NativeLibraryException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** PyTorch in this process: started once by its engine, never asked to download anything. */
public final class Torch {

  private static final String NAME = "PyTorch";

  private Torch() {}

  /** Found or failed: what is half loaded cannot be loaded again. */
  private record Outcome(@Nullable Engine found, @Nullable NativeLibraryException failure) {

    static Outcome ofStart() {
      try {
        return new Outcome(start(), null);
      } catch (NativeLibraryException e) {
        return new Outcome(null, e);
      }
    }

    Engine engine() {
      if (failure != null) {
        throw new NativeLibraryException(String.valueOf(failure.getMessage()), failure);
      }
      return Objects.requireNonNull(found);
    }
  }

  /** Started when first asked for. */
  private static final class Started {
    static final Outcome OUTCOME = Outcome.ofStart();
  }

  private static Engine start() {
    Engine engine =
        LibraryLoading.load(
            NAME,
            "pytorch",
            () -> {
              if (!Engine.hasEngine(NAME)) {
                // Its service file is lost where jars are put into one without merging these.
                Engine.registerEngine(new PtEngineProvider());
              }
              return Engine.getEngine(NAME);
            },
            TorchJars::missing);
    LibraryLoading.requireSafe(NAME, LibUtils.getLibtorchPath());
    return engine;
  }

  /**
   * A new owner of tensors; closing it frees them.
   *
   * @throws NativeLibraryException if PyTorch cannot be loaded
   */
  public static PtNDManager newManager() {
    return (PtNDManager) engine().newBaseManager();
  }

  /**
   * As {@link #newManager}, for tensors in the processor's memory, wherever networks run.
   *
   * @throws NativeLibraryException if PyTorch cannot be loaded
   */
  public static PtNDManager newProcessorManager() {
    return (PtNDManager) engine().newBaseManager(Device.cpu());
  }

  private static Engine engine() {
    return Started.OUTCOME.engine();
  }

  /**
   * Sets how many threads one operation may use, for the whole process, and prepares the calling
   * thread for training: gradients on, and PyTorch's script optimiser off, because its own
   * differentiation breaks scripts that mix number types.
   */
  public static void prepareTraining(int threads) {
    JniUtils.setNumThreads(threads);
    JniUtils.setGraphExecutorOptimize(false);
    JniUtils.setGradMode(true);
  }

  /**
   * Sets how many threads one operation of the calling thread may use, and prepares that thread for
   * scripts run with ever other numbers of rows, which the optimiser would compile each. Threads
   * that have run nothing yet take the number that was set last.
   */
  public static void prepareInference(int threads) {
    JniUtils.getNumThreads(); // or the first operation here would take what another thread sets
    JniUtils.setNumThreads(threads);
    JniUtils.setGraphExecutorOptimize(false);
  }

  /** Sets how many threads one operation may use, for the whole process. */
  public static void useThreads(int threads) {
    newManager().close(); // loads PyTorch
    JniUtils.setNumThreads(threads);
  }

  /** Whether the processor multiplies bfloat16, which is then twice as fast as 32 bits. */
  public static boolean hasFastBfloat16() {
    Path file = Path.of("/proc/cpuinfo");
    try {
      String info = Files.readString(file, StandardCharsets.UTF_8);
      return info.contains(" avx512_bf16") || info.contains(" amx_bf16");
    } catch (java.io.IOException e) {
      return false; // not Linux, or not told: 32 bits are always right
    }
  }
}

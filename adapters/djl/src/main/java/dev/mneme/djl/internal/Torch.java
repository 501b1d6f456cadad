package dev.mneme.djl.internal;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import dev.mneme.FailureText;
import dev.mneme.NativeLibraryException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** PyTorch in this process: started once by its engine, never asked to download anything. */
public final class Torch {

  private Torch() {}

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
    Offline.require();
    try {
      return Engine.getEngine("PyTorch");
    } catch (RuntimeException | LinkageError e) {
      throw new NativeLibraryException(
          "PyTorch cannot be loaded: %s; the dependencies pytorch-engine and pytorch-jni must have one version and a pytorch-native-cpu jar must exist for this platform"
              .formatted(FailureText.of(e)),
          e);
    }
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

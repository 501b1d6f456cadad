package dev.mneme.djl;

import ai.djl.pytorch.jni.IValue;
import dev.mneme.ClosedException;
import dev.mneme.djl.internal.Script;
import dev.mneme.djl.internal.Torch;
import dev.mneme.store.UnchangedFile;
import dev.mneme.store.safetensors.TensorSource;
import java.nio.file.Path;
import java.util.List;

/**
 * An inference script with the weights it runs on, which sessions share. Safe for several threads;
 * owns native memory until closed, which it refuses while sessions are open.
 */
final class LoadedNetwork implements AutoCloseable {

  /** A Java buffer counts its bytes in an int. */
  private static final long LARGEST_BUFFER = Integer.MAX_VALUE;

  /** Below this many bytes threads cost more at their barriers than they save. */
  private static final long WORTH_THREADS = 64L << 20;

  private final Path directory;
  private final long bytes;
  private final Script script;
  private final InferenceWeights weights;
  private final IValue weightList;
  private int openSessions;
  private boolean closed;

  /**
   * Compiles the script and reads the weights.
   *
   * @param source stays the caller's, who closes it after this
   * @param code begins with {@link ScriptedWeights}
   * @throws dev.mneme.MalformedFileException if a weight is not finite; names the tensor
   */
  LoadedNetwork(
      Path directory,
      TensorSource source,
      WeightSlots slots,
      WeightPrecision precision,
      String code) {
    this.directory = directory;
    bytes =
        source.tensors().values().stream().mapToLong(tensor -> tensor.end() - tensor.begin()).sum();
    List<UnchangedFile> files = source.files().stream().map(UnchangedFile::new).toList();
    script = new Script(ScriptedWeights.CLASS, code);
    try {
      weights = InferenceWeights.read(directory, source, slots, precision, script, LARGEST_BUFFER);
    } catch (RuntimeException | Error e) {
      script.close();
      throw e;
    }
    try {
      files.forEach(UnchangedFile::require); // so that all weights are of one moment
      weightList = Script.list(weights.tensors());
    } catch (RuntimeException | Error e) {
      weights.close();
      script.close();
      throw e;
    }
  }

  Script script() {
    return script;
  }

  /** The last argument of the script's {@code forward}. */
  IValue weights() {
    return weightList;
  }

  /**
   * Called before a session is made, by its thread.
   *
   * @param threads asked for by who opens the session; a small network gets one
   * @param always if not 0, threads whatever was asked for
   */
  void openSession(int threads, int always) {
    if (threads < 1) {
      throw new IllegalArgumentException("a session needs at least 1 thread, not " + threads);
    }
    int worthwhile = bytes < WORTH_THREADS ? 1 : threads;
    Torch.prepareInference(always > 0 ? always : worthwhile);
    synchronized (this) {
      if (closed) {
        throw new ClosedException(directory + " is closed");
      }
      openSessions++;
    }
  }

  synchronized void sessionClosed() {
    openSessions--;
  }

  /**
   * Frees the weights.
   *
   * @throws IllegalStateException while sessions are open
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    if (openSessions > 0) {
      throw new IllegalStateException(
          "%d sessions of %s are still open; close them first".formatted(openSessions, directory));
    }
    closed = true;
    weightList.close();
    weights.close();
    script.close();
  }
}

package dev.mneme.trainer;

import dev.mneme.djl.LowRank;
import dev.mneme.store.safetensors.SafeTensorsFile;
import java.util.Optional;

/**
 * Where the network of a training comes from. Used by one thread.
 *
 * @param <N> kind of network
 */
public interface NetworkSource<N> {

  /** The network before the first step; the caller closes it. */
  N begin();

  /**
   * The network as a checkpoint has it; the caller closes it.
   *
   * @throws dev.mneme.MalformedFileException if the checkpoint is another network's
   */
  N read(SafeTensorsFile checkpoint);

  /** Its shape in words: a checkpoint of another shape is refused. */
  String shape();

  /** What is trained of it; everything if empty. */
  default Optional<LowRank> changes() {
    return Optional.empty();
  }
}

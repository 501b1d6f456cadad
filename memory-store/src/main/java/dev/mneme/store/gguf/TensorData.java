package dev.mneme.store.gguf;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;

/** Gives a tensor's bytes when its turn comes, so that a model need not be in memory at once. */
@FunctionalInterface
public interface TensorData {

  /** Writes exactly the bytes the tensor's type and shape take; the caller checks. */
  void writeTo(WritableByteChannel out) throws IOException;
}

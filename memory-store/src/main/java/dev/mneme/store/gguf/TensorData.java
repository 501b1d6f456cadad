package dev.mneme.store.gguf;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;

/**
 * The bytes of a tensor, produced only when the file is written, so that no model is held whole.
 */
@FunctionalInterface
public interface TensorData {

  /** Writes all bytes of the tensor, row after row, as many as its type and dimensions say. */
  void writeTo(WritableByteChannel out) throws IOException;
}

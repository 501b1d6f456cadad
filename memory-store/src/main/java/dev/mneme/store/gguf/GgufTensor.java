package dev.mneme.store.gguf;

import java.util.List;

/**
 * Where a tensor lies in a GGUF file.
 *
 * @param name its name
 * @param type how its numbers are stored
 * @param dims 1 to 4 sizes, the row length first
 * @param offset first byte, counted from the beginning of the file
 * @param bytes its size
 */
public record GgufTensor(String name, GgufType type, List<Long> dims, long offset, long bytes) {

  public GgufTensor {
    dims = List.copyOf(dims);
  }
}

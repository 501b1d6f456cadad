package dev.mneme.store.gguf;

import java.nio.file.Path;
import java.util.List;

/**
 * Where a tensor lies.
 *
 * @param name as the file has it, such as {@code blk.0.ffn_up.weight}
 * @param type how elements are stored
 * @param dims lengths in ggml's order: the first is the row length, the second the number of rows
 * @param file the file that holds it: the one that was opened, or a later part of it
 * @param offset of the first byte, counted from the beginning of the file
 * @param bytes length of the data
 */
public record GgufTensor(
    String name, GgufType type, List<Long> dims, Path file, long offset, long bytes) {
  public GgufTensor {
    dims = List.copyOf(dims);
  }
}

package dev.mneme.store.safetensors;

import java.util.List;

/**
 * What a header says of one tensor.
 *
 * @param name its name
 * @param dtype its element type
 * @param shape its sizes, the slowest first; empty for a scalar
 * @param begin first byte in the data section
 * @param end byte after the last
 */
public record TensorInfo(String name, Dtype dtype, List<Long> shape, long begin, long end) {

  public TensorInfo {
    shape = List.copyOf(shape);
  }

  /** Number of elements; the header's check has ruled out overflow. */
  public long elements() {
    return shape.stream().reduce(1L, (a, b) -> a * b);
  }
}

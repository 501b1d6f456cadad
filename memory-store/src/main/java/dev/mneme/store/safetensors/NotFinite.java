package dev.mneme.store.safetensors;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Set;

/**
 * Counts weights that are no numbers: NaN and infinities, which a format allows and no model wants.
 */
public final class NotFinite {

  /** Numbers looked at in one go. */
  private static final int CHUNK = 1 << 16;

  private static final Set<Dtype> FLOATS = Set.of(Dtype.F64, Dtype.F32, Dtype.F16, Dtype.BF16);

  private NotFinite() {}

  /**
   * Reads all weights that are stored as F64, F32, F16 or BF16.
   *
   * @throws dev.mneme.MalformedFileException if a file was cut short meanwhile
   */
  public static long count(TensorSource tensors) {
    long count = 0;
    float[] chunk = new float[CHUNK];
    for (Map.Entry<String, TensorInfo> tensor : tensors.tensors().entrySet()) {
      TensorInfo info = tensor.getValue();
      if (!FLOATS.contains(info.dtype())) {
        continue;
      }
      MemorySegment data = tensors.data(tensor.getKey());
      for (long first = 0; first < info.elements(); first += CHUNK) {
        int length = (int) Math.min(CHUNK, info.elements() - first);
        FloatReader.read(info.dtype(), data, first, chunk, length);
        for (int i = 0; i < length; i++) {
          count += Float.isFinite(chunk[i]) ? 0 : 1;
        }
      }
    }
    return count;
  }
}

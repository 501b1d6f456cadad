package dev.mneme.djl;

import ai.djl.pytorch.engine.PtNDArray;
import dev.mneme.MalformedFileException;
import dev.mneme.store.safetensors.FloatReader;
import dev.mneme.store.safetensors.SafeTensorsFile;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import dev.mneme.store.safetensors.TensorInfo;
import java.util.List;

/** Tensors of a checkpoint that have no published name: plain lists of 32-bit numbers. */
final class Checkpoints {

  private Checkpoints() {}

  static SafeTensorsWriter.Entry entry(String name, PtNDArray tensor) {
    float[] values = tensor.toFloatArray();
    return SafeTensorsWriter.Entry.of(name, List.of((long) values.length), values);
  }

  /**
   * Reads one back.
   *
   * @throws MalformedFileException if there is none of that size
   */
  static float[] read(SafeTensorsFile checkpoint, String name, long size) {
    float[] values = new float[Math.toIntExact(size)];
    TensorInfo info = checkpoint.tensors().get(name);
    if (info == null || !info.shape().equals(List.of(size))) {
      throw new MalformedFileException(
          "%s: expected %s of %d numbers, found %s; it is a checkpoint of another network"
              .formatted(checkpoint.path(), name, size, info == null ? "none" : info.shape()));
    }
    FloatReader.read(info.dtype(), checkpoint.data(name), 0, values, values.length);
    return values;
  }
}

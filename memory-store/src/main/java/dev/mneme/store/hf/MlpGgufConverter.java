package dev.mneme.store.hf;

import com.google.common.base.Preconditions;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.WeightType;
import dev.mneme.store.gguf.GgufType;
import dev.mneme.store.gguf.GgufWriter;
import dev.mneme.store.hf.MlpShape.Tensor;
import dev.mneme.store.hf.WeightLayout.Arrangement;
import dev.mneme.store.hf.WeightLayout.Weight;
import dev.mneme.store.safetensors.TensorInfo;
import java.nio.file.Path;
import java.util.List;

/**
 * Turns the folder of an MLP Memory into a GGUF file as {@link MlpGgufNames} describes it, tensor
 * by tensor with bounded memory, as {@link GgufConverter} does for a decoder. The same folder gives
 * the same bytes.
 */
public final class MlpGgufConverter {

  /** Counts changes of what conversion writes, so that caches do not keep old results. */
  public static final int VERSION = 1;

  private final MlpModel model;
  private final WeightType type;
  private final GgufWriter writer = new GgufWriter();

  private MlpGgufConverter(MlpModel model, WeightType type) {
    this.model = model;
    this.type = type;
  }

  /**
   * Writes the file.
   *
   * @param type how matrices are stored
   * @throws MalformedFileException if a file of the folder breaks its format or does not fit the
   *     others, or a weight is not finite; names the tensor
   * @throws MnemeException if the memory is of an unsupported kind, a weight does not fit the type,
   *     or a file cannot be read or written
   */
  public static void convert(Path directory, Path gguf, WeightType type) {
    try (MlpModel model = MlpModel.open(directory)) {
      var converter = new MlpGgufConverter(model, type);
      converter.putShape();
      model.shape().tensors().forEach(converter::addTensor);
      converter.writer.write(gguf);
    }
  }

  private void putShape() {
    MlpShape shape = model.shape();
    writer.put("general.architecture", MlpGgufNames.ARCHITECTURE);
    writer.putUint32("general.file_type", GgufConverter.fileType(type));
    writer.put(MlpGgufNames.STYLE, shape.style().modelType());
    writer.putUint32(MlpGgufNames.INPUT_LENGTH, shape.input());
    writer.putUint32(MlpGgufNames.EMBEDDING_LENGTH, shape.hidden());
    writer.putUint32(MlpGgufNames.FEED_FORWARD_LENGTH, shape.feedForward());
    writer.putUint32(MlpGgufNames.BLOCK_COUNT, shape.layers());
    writer.putUint32(MlpGgufNames.VOCABULARY_SIZE, shape.vocabulary());
    writer.putFloat32(MlpGgufNames.NORM_EPSILON, (float) shape.normEpsilon());
    writer.putBool(MlpGgufNames.TRANSFORM, shape.transform());
  }

  private void addTensor(Tensor tensor) {
    String name = tensor.name();
    TensorInfo info = model.tensors().tensors().get(name);
    Preconditions.checkState(info != null, "%s passed the check", name);
    var weight =
        new Weight(
            name,
            tensor.shape(),
            MlpGgufNames.nameOf(tensor),
            MlpGgufNames.isTransposed(tensor) ? Arrangement.TRANSPOSED : Arrangement.AS_IS,
            !tensor.isMatrix());
    List<Long> dims = MlpGgufNames.dimsOf(tensor);
    GgufType stored = tensor.isMatrix() ? type.forRow(dims.getFirst()) : GgufType.F32;
    var data = new RearrangedTensor(weight, info.dtype(), model.tensors().data(name), stored, 1);
    writer.addTensor(
        weight.target(),
        stored,
        dims,
        out -> {
          model.requireFinite(name);
          data.writeTo(out);
        });
  }
}

package dev.mneme.djl;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.mneme.MalformedFileException;
import dev.mneme.djl.internal.Script;
import dev.mneme.djl.internal.Torch;
import dev.mneme.store.hf.MlpShape;
import dev.mneme.store.hf.MlpShape.Style;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.FloatReader;
import dev.mneme.store.safetensors.SafeTensorsFile;
import dev.mneme.store.safetensors.TensorInfo;
import dev.mneme.store.testing.ReferenceMlp;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class MlpNetworkTest {

  private static final NetworkTraining.Settings SETTINGS = NetworkTraining.Settings.DEFAULT;
  private static final int VOCABULARY = 90;
  private static final MlpShape PLAIN =
      new MlpShape(Style.MISTRAL, 24, 24, 40, 2, VOCABULARY, 1e-5, false);

  @TempDir Path directory;

  static Stream<MlpShape> shapes() {
    return Stream.of(
        PLAIN,
        new MlpShape(Style.MISTRAL, 20, 24, 40, 2, VOCABULARY, 1e-5, true),
        new MlpShape(Style.GPT2, 24, 24, 40, 3, VOCABULARY, 1e-5, false),
        new MlpShape(Style.GPT2, 28, 24, 40, 1, VOCABULARY, 1e-5, true));
  }

  /** Weights far from zero, where everything is nearly linear; biases and norms moved too. */
  private static MlpNetwork network(MlpShape shape, long seed, boolean bfloat16) {
    MlpNetwork network = MlpNetwork.random(shape, seed, bfloat16);
    var random = new Random(seed);
    for (PtNDArray tensor : network.trained()) {
      float[] values = tensor.toFloatArray();
      boolean matrix = tensor.getShape().dimension() == 2;
      for (int i = 0; i < values.length; i++) {
        values[i] = values[i] * (matrix ? 10 : 1) + (float) random.nextGaussian() / 10;
      }
      tensor.set(FloatBuffer.wrap(values));
    }
    return network;
  }

  private static float[] activations(MlpShape shape, int rows, long seed) {
    var random = new Random(seed);
    float[] values = new float[rows * shape.input()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Nineteen rows, four targets each; the first is the next token. */
  private static ActivationBatch batch(MlpShape shape, long seed) {
    int rows = 19;
    int width = 4;
    long[] targets = new Random(seed).longs((long) rows * width, 0, VOCABULARY).toArray();
    float[] weights = new float[targets.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = i % width == 0 ? 0.7f : 0.1f;
    }
    return new ActivationBatch(rows, activations(shape, rows, seed), width, targets, weights);
  }

  private static float[] read(SafeTensorsFile file, String name) {
    TensorInfo info = requireNonNull(file.tensors().get(name));
    float[] values = new float[(int) info.elements()];
    FloatReader.read(info.dtype(), file.data(name), 0, values, values.length);
    return values;
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void logitsAreThoseOfThePlainReference(MlpShape shape) {
    try (MlpNetwork network = network(shape, 1, false);
        MlpNetwork fast = network(shape, 1, true)) {
      network.save(directory, Dtype.F32, 0);
      ReferenceMlp reference;
      try (var file = SafeTensorsFile.open(directory.resolve("model.safetensors"))) {
        assertThat(file.tensors().keySet())
            .containsExactlyInAnyOrderElementsOf(
                shape.tensors().stream().map(MlpShape.Tensor::name).toList());
        reference = new ReferenceMlp(shape, name -> read(file, name));
      }
      int rows = 5;
      float[] input = activations(shape, rows, 2);
      float[] logits = network.logits(input, rows);
      float[] rounded = fast.logits(input, rows);
      for (int row = 0; row < rows; row++) {
        float[] one = Arrays.copyOfRange(input, row * shape.input(), (row + 1) * shape.input());
        double[] expected = reference.logits(one);
        double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        assertThat(largest).isGreaterThan(1); // or the tolerances would say nothing
        for (int id = 0; id < VOCABULARY; id++) {
          assertThat((double) logits[row * VOCABULARY + id])
              .as("row %d, id %d", row, id)
              .isCloseTo(expected[id], within(2e-5 * largest));
          assertThat((double) rounded[row * VOCABULARY + id])
              .as("in bfloat16, row %d, id %d", row, id)
              .isCloseTo(expected[id], within(0.05 * largest)); // 8 bits of mantissa
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void gradientsEqualFiniteDifferencesInDoublePrecision(MlpShape shape) {
    ActivationBatch batch = batch(shape, 3);
    try (MlpNetwork network = network(shape, 5, false);
        PtNDManager owner = Torch.newManager();
        Script script =
            new Script(MlpScript.CLASS, MlpScript.of(shape, NetworkScript.Precision.FLOAT64, 7))) {
      Torch.prepareTraining(1);
      var tensors = new ArrayList<PtNDArray>();
      for (PtNDArray tensor : network.trained()) {
        tensors.add(recorded(owner, wide(tensor.toFloatArray()), tensor.getShape()));
      }
      List<PtNDArray> results = gradients(script, owner, batch, tensors);
      assertThat(results).hasSize(tensors.size() + 1);
      var random = new Random(2);
      for (int t = 0; t < tensors.size(); t++) {
        double[] gradient = results.get(t + 1).toDoubleArray();
        for (int sample = 0; sample < 4; sample++) {
          int at = random.nextInt(gradient.length);
          double difference = difference(script, owner, batch, tensors, t, at);
          assertThat(gradient[at])
              .as("tensor %d, element %d", t, at)
              .isCloseTo(difference, within(1e-7 + 1e-5 * Math.abs(difference)));
        }
      }
    }
  }

  private static double[] wide(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  private static PtNDArray recorded(PtNDManager owner, double[] values, Shape shape) {
    PtNDArray tensor = (PtNDArray) owner.create(values, shape);
    tensor.setRequiresGradient(true);
    return tensor;
  }

  /** Central difference of the loss along one weight. */
  private static double difference(
      Script script,
      PtNDManager owner,
      ActivationBatch batch,
      List<PtNDArray> tensors,
      int t,
      int at) {
    double step = 1e-5;
    double[] loss = new double[2];
    for (int side = 0; side < 2; side++) {
      var moved = new ArrayList<>(tensors);
      double[] values = tensors.get(t).toDoubleArray();
      values[at] += side == 0 ? step : -step;
      moved.set(t, recorded(owner, values, tensors.get(t).getShape()));
      loss[side] = gradients(script, owner, batch, moved).getFirst().toDoubleArray()[0];
    }
    return (loss[0] - loss[1]) / (2 * step);
  }

  private static List<PtNDArray> gradients(
      Script script, PtNDManager owner, ActivationBatch batch, List<PtNDArray> tensors) {
    Shape targets = new Shape(batch.tokens(), batch.width());
    double[] input = wide(batch.activations());
    return script.runWithGradients(
        owner,
        "gradients",
        List.of(
            (PtNDArray)
                owner.create(input, new Shape(batch.tokens(), input.length / batch.tokens())),
            (PtNDArray) owner.create(batch.targets(), targets),
            (PtNDArray) owner.create(wide(batch.weights()), targets)),
        tensors);
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void trainingLowersTheLossAndReportsCrossEntropyOfTheNextToken(MlpShape shape) {
    ActivationBatch batch = batch(shape, 6);
    for (boolean bfloat16 : new boolean[] {false, true}) {
      try (MlpNetwork network = MlpNetwork.random(shape, 7, bfloat16);
          var training = NetworkTraining.of(network, SETTINGS, 1)) {
        double mean = 0;
        for (float loss : network.losses(batch)) {
          mean += loss / batch.tokens();
        }
        NetworkTraining.Step first = training.step(batch, 1e-2);
        assertThat(first.crossEntropy()).isCloseTo(mean, within(1e-3));
        NetworkTraining.Step last = first;
        for (int i = 0; i < 80; i++) {
          last = training.step(batch, 1e-2);
        }
        assertThat(last.loss()).isLessThan(first.loss() - 1);
        assertThat(network.trainedWeights()).isEqualTo(shape.parameters());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void resumingFromACheckpointGoesOnAsIfNothingHadHappened(MlpShape shape) {
    Path file = directory.resolve("checkpoint.safetensors");
    try (MlpNetwork network = MlpNetwork.random(shape, 8, false);
        var training = NetworkTraining.of(network, SETTINGS, 1)) {
      training.step(batch(shape, 1), 1e-3);
      training.checkpoint(file, Map.of());
      double expected = training.step(batch(shape, 2), 1e-3).loss();
      double further = training.step(batch(shape, 3), 1e-3).loss();
      try (SafeTensorsFile checkpoint = SafeTensorsFile.open(file);
          MlpNetwork again = MlpNetwork.of(shape, checkpoint, false);
          var goOn = NetworkTraining.resume(again, checkpoint, SETTINGS, 1)) {
        assertThat(goOn.step(batch(shape, 2), 1e-3).loss()).isCloseTo(expected, within(1e-6));
        assertThat(goOn.step(batch(shape, 3), 1e-3).loss()).isCloseTo(further, within(1e-6));
      }
    }
  }

  @Test
  void weightsThatAreNotFiniteAreRefusedWithTheTensorsName() {
    try (MlpNetwork network = MlpNetwork.random(PLAIN, 10, false)) {
      PtNDArray upAndGate = network.trained().get(1);
      float[] values = upAndGate.toFloatArray();
      values[PLAIN.feedForward() * PLAIN.hidden() + 7] = Float.NaN;
      upAndGate.set(FloatBuffer.wrap(values));
      network.save(directory, Dtype.F16, 0);
    }
    try (var file = SafeTensorsFile.open(directory.resolve("model.safetensors"))) {
      assertThatThrownBy(() -> MlpNetwork.of(PLAIN, file, false))
          .isInstanceOf(MalformedFileException.class)
          .hasMessageContainingAll("layers.0.mlp.up_proj.weight", "NaN as its number 7");
    }
  }

  @Test
  void activationsOfAnotherWidthAreRefused() {
    try (MlpNetwork network = MlpNetwork.random(PLAIN, 10, false)) {
      assertThatThrownBy(() -> network.logits(new float[2 * PLAIN.input() + 1], 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("2 rows of 24");
    }
    assertThatThrownBy(() -> new ActivationBatch(2, new float[5], 1, new long[2], new float[2]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("5 numbers are not 2 activations");
  }

  @Test
  void theActivationsOfABatchAreTheHostsKeys() {
    var shape = new LlamaShape(VOCABULARY, 24, 2, 2, 1, 32, 16, 10_000, 1e-5);
    Batch windows = Batch.ofWindows(new int[][] {{1, 2, 3, 4}, {5, 6, 7, 8}});
    try (DecoderNetwork host = DecoderNetwork.random(shape, 1, false)) {
      ActivationBatch batch = ActivationBatch.of(windows, host);
      assertThat(batch.activations())
          .containsExactly(host.keys(new int[][] {{1, 2, 3}, {5, 6, 7}}));
      assertThat(batch.next()).containsExactly(2, 3, 4, 6, 7, 8);
    }
  }
}

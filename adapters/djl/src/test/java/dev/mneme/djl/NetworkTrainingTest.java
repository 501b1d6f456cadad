package dev.mneme.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.djl.internal.Script;
import dev.mneme.djl.internal.Torch;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.SafeTensorsFile;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NetworkTrainingTest {

  private static final LlamaShape SHAPE = new LlamaShape(96, 32, 2, 4, 2, 48, 16, 10_000, 1e-5);
  private static final NetworkTraining.Settings SETTINGS = NetworkTraining.Settings.DEFAULT;

  @TempDir Path directory;

  /** Two sequences of twelve, five targets a position; the first of each is the next token. */
  private static Batch batch(long seed) {
    var random = new Random(seed);
    int tokens = 24;
    int width = 5;
    long[] ids = random.longs(tokens, 0, SHAPE.vocabulary()).toArray();
    long[] targets = random.longs((long) tokens * width, 0, SHAPE.vocabulary()).toArray();
    float[] weights = new float[targets.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = i % width == 0 ? 0.6f : 0.1f;
    }
    return new Batch(2, 12, width, ids, targets, weights);
  }

  @Test
  void gradientsEqualFiniteDifferencesInDoublePrecision() {
    Batch batch = batch(1);
    try (NetworkWeights weights = NetworkWeights.random(DecoderWeights.layout(SHAPE), 5);
        PtNDManager owner = Torch.newManager();
        Script script =
            new Script(
                DecoderScript.CLASS, DecoderScript.of(SHAPE, NetworkScript.Precision.FLOAT64, 7))) {
      Torch.prepareTraining(1);
      var tensors = new ArrayList<PtNDArray>();
      for (PtNDArray tensor : weights.tensors()) {
        float[] values = tensor.toFloatArray();
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) {
          wide[i] = values[i] * 5; // far from zero, where everything is nearly linear
        }
        PtNDArray copy = (PtNDArray) owner.create(wide, tensor.getShape());
        copy.setRequiresGradient(true);
        tensors.add(copy);
      }
      List<PtNDArray> results = gradients(script, owner, batch, tensors);
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

  /** Central difference of the loss along one weight. */
  private static double difference(
      Script script, PtNDManager owner, Batch batch, List<PtNDArray> tensors, int t, int at) {
    double step = 1e-5;
    double[] loss = new double[2];
    for (int side = 0; side < 2; side++) {
      var moved = new ArrayList<>(tensors);
      double[] values = tensors.get(t).toDoubleArray();
      values[at] += side == 0 ? step : -step;
      PtNDArray copy = (PtNDArray) owner.create(values, tensors.get(t).getShape());
      copy.setRequiresGradient(true);
      moved.set(t, copy);
      loss[side] = gradients(script, owner, batch, moved).getFirst().toDoubleArray()[0];
    }
    return (loss[0] - loss[1]) / (2 * step);
  }

  private static List<PtNDArray> gradients(
      Script script, PtNDManager owner, Batch batch, List<PtNDArray> tensors) {
    int pairs = SHAPE.headWidth() / 2;
    double[] cos = new double[batch.length() * pairs];
    double[] sin = new double[cos.length];
    for (int i = 0; i < cos.length; i++) {
      cos[i] = Math.cos(i * 0.3);
      sin[i] = Math.sin(i * 0.3);
    }
    double[] weights = new double[batch.weights().length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = batch.weights()[i];
    }
    Shape targets = new Shape(batch.tokens(), batch.width());
    Shape turns = new Shape(batch.length(), pairs);
    return script.runWithGradients(
        owner,
        "gradients",
        List.of(
            (PtNDArray) owner.create(batch.ids(), new Shape(2, batch.length())),
            (PtNDArray) owner.create(cos, turns),
            (PtNDArray) owner.create(sin, turns),
            (PtNDArray) owner.create(batch.targets(), targets),
            (PtNDArray) owner.create(weights, targets)),
        tensors);
  }

  @Test
  void bfloat16GradientsPointWhereFloat32OnesDo() {
    float[] exact = gradientOfAll(false);
    float[] fast = gradientOfAll(true);
    double dot = 0;
    double a = 0;
    double b = 0;
    for (int i = 0; i < exact.length; i++) {
      dot += (double) exact[i] * fast[i];
      a += (double) exact[i] * exact[i];
      b += (double) fast[i] * fast[i];
    }
    assertThat(dot / Math.sqrt(a * b)).isGreaterThan(0.999);
  }

  private static float[] gradientOfAll(boolean bfloat16) {
    try (DecoderNetwork network = DecoderNetwork.random(SHAPE, 3, bfloat16);
        PtNDManager owner = Torch.newManager()) {
      NetworkTraining.of(network, SETTINGS, 1).close(); // from now on its tensors record
      var all = new ArrayList<Float>();
      for (PtNDArray gradient :
          network.gradients(owner, batch(4)).subList(1, network.trained().size() + 1)) {
        for (float value : gradient.toType(DataType.FLOAT32, false).toFloatArray()) {
          all.add(value);
        }
      }
      float[] values = new float[all.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = all.get(i);
      }
      return values;
    }
  }

  @Test
  void trainingLowersTheLossAndReportsCrossEntropyOfTheNextToken() {
    Batch batch = batch(6);
    try (DecoderNetwork network = DecoderNetwork.random(SHAPE, 7, false);
        NetworkTraining<Batch> training = NetworkTraining.of(network, SETTINGS, 1)) {
      double mean = 0;
      for (float loss : network.losses(batch)) {
        mean += loss / batch.tokens();
      }
      NetworkTraining.Step first = training.step(batch, 1e-2);
      assertThat(first.crossEntropy()).isCloseTo(mean, within(1e-4));
      NetworkTraining.Step last = first;
      for (int i = 0; i < 60; i++) {
        last = training.step(batch, 1e-2);
      }
      assertThat(last.loss()).isLessThan(first.loss() - 1);
    }
  }

  @Test
  void resumingFromACheckpointGoesOnAsIfNothingHadHappened() {
    Path file = directory.resolve("checkpoint.safetensors");
    try (DecoderNetwork network = DecoderNetwork.random(SHAPE, 8, false);
        NetworkTraining<Batch> training = NetworkTraining.of(network, SETTINGS, 1)) {
      training.step(batch(1), 1e-3);
      training.checkpoint(file, Map.of("place", "17"));
      double expected = training.step(batch(2), 1e-3).loss();
      double further = training.step(batch(3), 1e-3).loss();
      try (SafeTensorsFile checkpoint = SafeTensorsFile.open(file);
          DecoderNetwork again = DecoderNetwork.of(SHAPE, checkpoint, false);
          NetworkTraining<Batch> goOn = NetworkTraining.resume(again, checkpoint, SETTINGS, 1)) {
        assertThat(checkpoint.metadata()).containsEntry("place", "17");
        assertThat(goOn.step(batch(2), 1e-3).loss()).isCloseTo(expected, within(1e-6));
        assertThat(goOn.step(batch(3), 1e-3).loss()).isCloseTo(further, within(1e-6));
        assertThat(again.shape()).isEqualTo(SHAPE);
      }
    }
  }

  @Test
  void aCheckpointOfAnotherShapeIsRefused() {
    Path file = directory.resolve("checkpoint.safetensors");
    try (DecoderNetwork network = DecoderNetwork.random(SHAPE, 8, false);
        NetworkTraining<Batch> training = NetworkTraining.of(network, SETTINGS, 1)) {
      training.checkpoint(file, Map.of());
    }
    var wider = new LlamaShape(96, 64, 2, 4, 2, 48, 16, 10_000, 1e-5);
    try (SafeTensorsFile checkpoint = SafeTensorsFile.open(file);
        DecoderNetwork other = DecoderNetwork.random(wider, 8, false)) {
      assertThatThrownBy(() -> DecoderNetwork.of(wider, checkpoint, false))
          .isInstanceOf(MalformedFileException.class)
          .hasMessageContaining("model.embed_tokens.weight");
      assertThatThrownBy(() -> NetworkTraining.resume(other, checkpoint, SETTINGS, 1))
          .isInstanceOf(MalformedFileException.class)
          .hasMessageContainingAll("mean.0", "checkpoint of another network");
    }
  }

  @Test
  void lossesThatAreNotFiniteStopTheTrainingAndLeaveTheWeights() {
    Batch good = batch(1);
    float[] nan = good.weights().clone();
    nan[3] = Float.NaN;
    Batch bad = new Batch(2, 12, 5, good.ids(), good.targets(), nan);
    try (DecoderNetwork network = DecoderNetwork.random(SHAPE, 9, false);
        NetworkTraining<Batch> training = NetworkTraining.of(network, SETTINGS, 1)) {
      float[] before = network.losses(good);
      assertThatThrownBy(() -> training.step(bad, 1e-3))
          .isInstanceOf(MnemeException.class)
          .hasMessageContaining("finite")
          .hasMessageContaining("learning rate");
      assertThat(network.losses(good)).containsExactly(before);
    }
  }

  @Test
  void aSavedNetworkGivesTheSameLogitsWhenOpened() {
    try (DecoderNetwork network = DecoderNetwork.random(SHAPE, 10, false)) {
      network.save(directory.resolve("model"), Dtype.F32, 0);
      try (DecoderNetwork opened = DecoderNetwork.open(directory.resolve("model"), false)) {
        int[] ids = {1, 5, 9, 95};
        assertThat(opened.shape()).isEqualTo(SHAPE);
        assertThat(opened.logits(ids)).containsExactly(network.logits(ids));
      }
    }
  }

  @Test
  void keysBelongToPositionsAndDependOnlyOnWhatCameBefore() {
    try (DecoderNetwork network = DecoderNetwork.random(SHAPE, 11, false)) {
      float[] two = network.keys(new int[][] {{1, 2, 3}, {1, 2, 4}});
      int width = SHAPE.hidden();
      assertThat(two).hasSize(2 * 3 * width);
      for (int i = 0; i < 2 * width; i++) {
        assertThat(two[i]).isCloseTo(two[3 * width + i], within(1e-6f));
      }
      assertThat(two[2 * width]).isNotCloseTo(two[5 * width], within(1e-6f));
    }
  }

  @Test
  void weightsThatAreNotFiniteAreRefusedWithTheTensorsName() {
    Path model = directory.resolve("model");
    try (DecoderNetwork network = DecoderNetwork.random(SHAPE, 10, false)) {
      PtNDArray tensor = network.trained().get(3);
      float[] values = tensor.toFloatArray();
      values[1] = Float.POSITIVE_INFINITY;
      tensor.set(FloatBuffer.wrap(values));
      network.save(model, Dtype.F32, 0);
    }
    assertThatThrownBy(() -> DecoderNetwork.open(model, false))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll(
            "model.layers.0.self_attn.o_proj.weight", "Infinity as its number 1");
  }

  private static LowRankNetwork lowRank(long seed, LowRank settings) {
    return LowRankNetwork.random(DecoderNetwork.random(SHAPE, seed, false), settings);
  }

  @Test
  void lowRankChangesBeginWithTheNetworkUnchangedAndTrainOnlyTheirOwnWeights() {
    Batch batch = batch(12);
    try (LowRankNetwork network = lowRank(13, new LowRank(4, 4, 1));
        NetworkTraining<Batch> training = NetworkTraining.of(network, SETTINGS, 1)) {
      float[] before = network.base().losses(batch);
      double mean = 0;
      for (float loss : before) {
        mean += loss / batch.tokens();
      }
      assertThat(training.step(batch, 2e-2).crossEntropy()).isCloseTo(mean, within(1e-4));
      for (int i = 0; i < 40; i++) {
        training.step(batch, 2e-2);
      }
      assertThat(network.base().losses(batch)).containsExactly(before);
      double adapted = training.step(batch, 0).crossEntropy();
      assertThat(adapted).isLessThan(mean - 0.3);
      try (DecoderNetwork merged = network.merged()) {
        double both = 0;
        for (float loss : merged.losses(batch)) {
          both += loss / batch.tokens();
        }
        assertThat(both).isCloseTo(adapted, within(1e-4));
      }
      assertThat(network.base().losses(batch)).containsExactly(before);
    }
  }

  @Test
  void resumingLowRankChangesGoesOnAsIfNothingHadHappened() {
    Path file = directory.resolve("checkpoint.safetensors");
    try (LowRankNetwork network = lowRank(14, new LowRank(3, 6, 2));
        NetworkTraining<Batch> training = NetworkTraining.of(network, SETTINGS, 1)) {
      training.step(batch(1), 1e-2);
      training.step(batch(2), 1e-2);
      training.checkpoint(file, Map.of());
      double expected = training.step(batch(3), 1e-2).loss();
      double further = training.step(batch(4), 1e-2).loss();
      var changes = new LowRank(3, 6, 99); // the seed no longer matters
      try (SafeTensorsFile checkpoint = SafeTensorsFile.open(file);
          LowRankNetwork again = LowRankNetwork.of(SHAPE, changes, checkpoint, false);
          NetworkTraining<Batch> goOn = NetworkTraining.resume(again, checkpoint, SETTINGS, 1)) {
        assertThat(again.base().shape()).isEqualTo(SHAPE);
        assertThat(again.trainedWeights()).isEqualTo(network.trainedWeights());
        assertThat(goOn.step(batch(3), 1e-2).loss()).isCloseTo(expected, within(1e-6));
        assertThat(goOn.step(batch(4), 1e-2).loss()).isCloseTo(further, within(1e-6));
      }
    }
  }

  /** With A and B kept, the change of the logits grows with alpha over the rank. */
  @Test
  void alphaScalesTheChangeThatIsMerged() {
    double[] change = new double[2];
    Path file = directory.resolve("checkpoint.safetensors");
    try (LowRankNetwork network = lowRank(16, new LowRank(2, 2, 3));
        NetworkTraining<Batch> training = NetworkTraining.of(network, SETTINGS, 1)) {
      training.step(batch(15), 1e-3);
      training.checkpoint(file, Map.of());
    }
    for (int doubled = 0; doubled < 2; doubled++) {
      var settings = new LowRank(2, 2.0 * (1 + doubled), 3);
      try (SafeTensorsFile checkpoint = SafeTensorsFile.open(file);
          LowRankNetwork network = LowRankNetwork.of(SHAPE, settings, checkpoint, false);
          DecoderNetwork merged = network.merged()) {
        float[] plain = network.base().logits(new int[] {5, 7});
        float[] changed = merged.logits(new int[] {5, 7});
        for (int i = 0; i < plain.length; i++) {
          change[doubled] += Math.abs(changed[i] - plain[i]);
        }
      }
    }
    assertThat(change[1] / change[0]).isCloseTo(2, within(0.1)); // nearly linear: the step is small
  }
}

package dev.mneme.trainer;

import dev.mneme.MnemeException;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.DecoderShape;
import dev.mneme.djl.DecoderTraining;
import dev.mneme.djl.LowRank;
import dev.mneme.store.safetensors.SafeTensorsFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Trains a network step by step and leaves a checkpoint again and again, so that a kill at any
 * moment costs at most the time between two of them.
 *
 * @param shape of the network
 * @param lowRank what is trained; all weights if empty
 * @param rate of every step; says how many steps there are
 * @param checkpoint file of the last checkpoint; it stays when the training is done
 * @param checkpointEvery time between checkpoints
 * @param pointEvery steps between points of the curve
 * @param threads processor threads for one operation
 * @param bfloat16 whether products are computed in bfloat16
 */
public record Training(
    DecoderShape shape,
    Optional<LowRank> lowRank,
    LearningRate rate,
    DecoderTraining.Settings optimiser,
    Path checkpoint,
    Duration checkpointEvery,
    long pointEvery,
    int threads,
    boolean bfloat16) {

  /** Told after every step. */
  public interface Progress {

    /**
     * A step is done.
     *
     * @param step steps done
     * @param steps all steps
     * @param tokens positions of this step
     */
    void step(long step, long steps, long tokens, DecoderTraining.Step result);
  }

  /**
   * A trained network, the caller's to close, and how it came about.
   *
   * @param weights that were trained
   */
  public record Trained(DecoderNetwork network, TrainingCurve curve, long weights) {}

  private static final String ORIGIN = "origin";
  private static final String STEP = "step";
  private static final String TOKENS = "tokens";
  private static final String SECONDS = "seconds";
  private static final String CURVE = "curve";

  /** Everything that changes while the training runs. */
  private static final class State {
    final DecoderNetwork network;
    final DecoderTraining training;
    final TrainingCurve curve;
    long step;
    long tokens;
    double secondsBefore;
    final long began = System.nanoTime();
    double loss;
    double crossEntropy;
    int steps;

    State(DecoderNetwork network, DecoderTraining training, TrainingCurve curve) {
      this.network = network;
      this.training = training;
      this.curve = curve;
    }

    double seconds() {
      return secondsBefore + (System.nanoTime() - began) / 1e9;
    }
  }

  /**
   * Trains to the end, from the checkpoint if there is one.
   *
   * @param initial makes the network to begin with
   * @param validation mean -log p on validation text, in nats
   * @throws MnemeException if the checkpoint belongs to another training, the loss leaves the
   *     finite numbers, or a checkpoint cannot be written; the last checkpoint stays
   */
  public Trained run(
      Supplier<DecoderNetwork> initial,
      TrainingData data,
      ToDoubleFunction<DecoderNetwork> validation,
      Progress progress) {
    String origin = "%s; %s; %s; %s".formatted(data.digest(), shape, rate, optimiser);
    if (lowRank.isPresent()) {
      origin += "; " + lowRank.get();
    }
    State state = Files.exists(checkpoint) ? resume(origin) : begin(initial);
    try (DecoderTraining training = state.training) {
      long saved = System.nanoTime();
      while (state.step < rate.steps()) {
        var batch = data.batch(state.step);
        DecoderTraining.Step result = training.step(batch, rate.at(state.step));
        state.step++;
        state.tokens += batch.tokens();
        state.loss += result.loss();
        state.crossEntropy += result.crossEntropy();
        state.steps++;
        if (state.step % pointEvery == 0 || state.step == rate.steps()) {
          addPoint(state, measure(state, validation));
        }
        progress.step(state.step, rate.steps(), batch.tokens(), result);
        if (System.nanoTime() - saved > checkpointEvery.toNanos() || state.step == rate.steps()) {
          save(state, origin);
          saved = System.nanoTime();
        }
      }
      DecoderNetwork trained = lowRank.isEmpty() ? state.network : training.merged();
      if (lowRank.isPresent()) {
        state.network.close();
      }
      return new Trained(trained, state.curve, training.parameters());
    } catch (RuntimeException e) {
      state.network.close();
      throw e;
    }
  }

  private double measure(State state, ToDoubleFunction<DecoderNetwork> validation) {
    if (lowRank.isEmpty()) {
      return validation.applyAsDouble(state.network);
    }
    try (DecoderNetwork merged = state.training.merged()) {
      return validation.applyAsDouble(merged);
    }
  }

  private static void addPoint(State state, @Nullable Double validation) {
    state.curve.add(
        new TrainingCurve.Point(
            state.step,
            state.tokens,
            state.seconds(),
            state.loss / state.steps,
            state.crossEntropy / state.steps,
            validation));
    state.loss = 0;
    state.crossEntropy = 0;
    state.steps = 0;
  }

  private State begin(Supplier<DecoderNetwork> initial) {
    DecoderNetwork network = initial.get();
    try {
      DecoderTraining training =
          lowRank
              .map(changes -> DecoderTraining.lora(network, changes, optimiser, threads))
              .orElseGet(() -> DecoderTraining.of(network, optimiser, threads));
      return new State(network, training, new TrainingCurve());
    } catch (RuntimeException e) {
      network.close();
      throw e;
    }
  }

  private State resume(String origin) {
    requireOrigin(origin);
    DecoderTraining.Resumed resumed =
        DecoderTraining.resume(checkpoint, shape, bfloat16, lowRank, optimiser, threads);
    Map<String, String> found = resumed.metadata();
    var state =
        new State(
            resumed.network(),
            resumed.training(),
            TrainingCurve.ofJson(found.getOrDefault(CURVE, "[]")));
    state.step = Long.parseLong(found.getOrDefault(STEP, "0"));
    state.tokens = Long.parseLong(found.getOrDefault(TOKENS, "0"));
    state.secondsBefore = Double.parseDouble(found.getOrDefault(SECONDS, "0"));
    return state;
  }

  private void requireOrigin(String origin) {
    String found;
    try (SafeTensorsFile file = SafeTensorsFile.open(checkpoint)) {
      found = file.metadata().getOrDefault(ORIGIN, "nothing");
    }
    if (!found.equals(origin)) {
      throw new MnemeException(
          "%s is the checkpoint of another training; delete it to begin anew, or go back to the settings it was made with. Its training: %s. This one: %s"
              .formatted(checkpoint, found, origin));
    }
  }

  private void save(State state, String origin) {
    state.training.checkpoint(
        checkpoint,
        Map.of(
            ORIGIN,
            origin,
            STEP,
            Long.toString(state.step),
            TOKENS,
            Long.toString(state.tokens),
            SECONDS,
            Double.toString(state.seconds()),
            CURVE,
            state.curve.toJson()));
  }
}

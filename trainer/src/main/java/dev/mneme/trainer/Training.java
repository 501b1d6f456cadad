package dev.mneme.trainer;

import dev.mneme.MnemeException;
import dev.mneme.djl.Examples;
import dev.mneme.djl.NetworkTraining;
import dev.mneme.djl.TrainableNetwork;
import dev.mneme.store.safetensors.SafeTensorsFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Trains a network step by step and leaves a checkpoint again and again, so that a kill at any
 * moment costs at most the time between two of them.
 *
 * @param rate of every step; says how many steps there are
 * @param checkpoint file of the last checkpoint; it stays when the training is done
 * @param checkpointEvery time between checkpoints
 * @param pointEvery steps between points of the curve
 * @param threads processor threads for one operation
 */
public record Training(
    LearningRate rate,
    NetworkTraining.Settings optimiser,
    Path checkpoint,
    Duration checkpointEvery,
    long pointEvery,
    int threads) {

  /** Told after every step. */
  public interface Progress {

    /**
     * A step is done.
     *
     * @param step steps done
     * @param steps all steps
     * @param tokens positions of this step
     */
    void step(long step, long steps, long tokens, NetworkTraining.Step result);
  }

  /**
   * A trained network, the caller's to close, and how it came about.
   *
   * @param weights that were trained
   */
  public record Trained<N>(N network, TrainingCurve curve, long weights) {}

  private static final String ORIGIN = "origin";
  private static final String STEP = "step";
  private static final String TOKENS = "tokens";
  private static final String SECONDS = "seconds";
  private static final String CURVE = "curve";

  /** Everything that changes while the training runs. */
  private static final class State<N extends TrainableNetwork<B>, B extends Examples> {
    final N network;
    final NetworkTraining<B> training;
    final TrainingCurve curve;
    long step;
    long tokens;
    double secondsBefore;
    final long began = System.nanoTime();
    double loss;
    double crossEntropy;
    int steps;

    State(N network, NetworkTraining<B> training, TrainingCurve curve) {
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
   * @param source of the network to begin or to go on with
   * @param validation mean -log p on validation text, in nats
   * @throws MnemeException if the checkpoint belongs to another training, the loss leaves the
   *     finite numbers, or a checkpoint cannot be written; the last checkpoint stays
   */
  public <N extends TrainableNetwork<B>, B extends Examples> Trained<N> run(
      NetworkSource<N> source,
      TrainingData<B> data,
      ToDoubleFunction<N> validation,
      Progress progress) {
    String origin = "%s; %s; %s; %s".formatted(data.digest(), source.shape(), rate, optimiser);
    if (source.changes().isPresent()) {
      origin += "; " + source.changes().get();
    }
    State<N, B> state = Files.exists(checkpoint) ? resume(source, origin) : begin(source);
    try (NetworkTraining<B> training = state.training) {
      long saved = System.nanoTime();
      while (state.step < rate.steps()) {
        B batch = data.batch(state.step);
        NetworkTraining.Step result = training.step(batch, rate.at(state.step));
        state.step++;
        state.tokens += batch.tokens();
        state.loss += result.loss();
        state.crossEntropy += result.crossEntropy();
        state.steps++;
        if (state.step % pointEvery == 0 || state.step == rate.steps()) {
          addPoint(state, validation.applyAsDouble(state.network));
        }
        progress.step(state.step, rate.steps(), batch.tokens(), result);
        if (System.nanoTime() - saved > checkpointEvery.toNanos() || state.step == rate.steps()) {
          save(state, origin);
          saved = System.nanoTime();
        }
      }
      return new Trained<>(state.network, state.curve, state.network.trainedWeights());
    } catch (RuntimeException e) {
      state.network.close();
      throw e;
    }
  }

  private static void addPoint(State<?, ?> state, @Nullable Double validation) {
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

  private <N extends TrainableNetwork<B>, B extends Examples> State<N, B> begin(
      NetworkSource<N> source) {
    N network = source.begin();
    try {
      return new State<>(
          network, NetworkTraining.of(network, optimiser, threads), new TrainingCurve());
    } catch (RuntimeException e) {
      network.close();
      throw e;
    }
  }

  private <N extends TrainableNetwork<B>, B extends Examples> State<N, B> resume(
      NetworkSource<N> source, String origin) {
    try (SafeTensorsFile file = SafeTensorsFile.open(checkpoint)) {
      requireOrigin(file, origin);
      N network = source.read(file);
      try {
        Map<String, String> found = file.metadata();
        var state =
            new State<>(
                network,
                NetworkTraining.resume(network, file, optimiser, threads),
                TrainingCurve.ofJson(found.getOrDefault(CURVE, "[]")));
        state.step = Long.parseLong(found.getOrDefault(STEP, "0"));
        state.tokens = Long.parseLong(found.getOrDefault(TOKENS, "0"));
        state.secondsBefore = Double.parseDouble(found.getOrDefault(SECONDS, "0"));
        return state;
      } catch (RuntimeException e) {
        network.close();
        throw e;
      }
    }
  }

  private void requireOrigin(SafeTensorsFile file, String origin) {
    String found = file.metadata().getOrDefault(ORIGIN, "nothing");
    if (!found.equals(origin)) {
      throw new MnemeException(
          "%s is the checkpoint of another training; delete it to begin anew, or go back to the settings it was made with. Its training: %s. This one: %s"
              .formatted(checkpoint, found, origin));
    }
  }

  private void save(State<?, ?> state, String origin) {
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

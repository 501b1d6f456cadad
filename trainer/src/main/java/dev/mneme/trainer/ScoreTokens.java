package dev.mneme.trainer;

import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.djl.ActivationBatch;
import dev.mneme.djl.Batch;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.MlpNetwork;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a model thinks of a text: the log-probability of every token of every document but its
 * first, in the windows of {@link dev.mneme.Perplexity} and in 32-bit arithmetic. Kept in a file,
 * so that it is computed once.
 *
 * @param model a Hugging Face directory or pack
 * @param host the model whose activations it reads; empty if it reads tokens
 * @param output file for the log-probabilities
 * @param window tokens in a window
 * @param stride tokens between the starts of windows
 */
public record ScoreTokens(
    TokenFile tokens, Path model, Optional<Path> host, Path output, int window, int stride) {

  private static final int VERSION = 1;
  private static final int SEQUENCES = 8;

  /** A model that gives -log p of the token behind each position. */
  private interface Losses extends AutoCloseable {
    float[] of(Batch batch);

    @Override
    void close();
  }

  private record Decoder(DecoderNetwork network) implements Losses {
    @Override
    public float[] of(Batch batch) {
      return network.losses(batch);
    }

    @Override
    public void close() {
      network.close();
    }
  }

  private record Mlp(MlpNetwork network, DecoderNetwork host) implements Losses {
    @Override
    public float[] of(Batch batch) {
      return network.losses(ActivationBatch.of(batch, host));
    }

    @Override
    public void close() {
      network.close();
      host.close();
    }
  }

  private Losses open() {
    if (host.isEmpty()) {
      return new Decoder(DecoderNetwork.open(model, /* bfloat16= */ false));
    }
    MlpNetwork network = MlpNetwork.open(model, /* bfloat16= */ false);
    try {
      return new Mlp(network, DecoderNetwork.open(host.get(), /* bfloat16= */ false));
    } catch (RuntimeException e) {
      network.close();
      throw e;
    }
  }

  /**
   * Computes the log-probabilities unless they are there.
   *
   * @param progress told how many tokens are done
   * @return natural logarithms, in the order of the text
   */
  public float[] run(StageProgress progress) {
    var manifest = new StageManifest("scores", VERSION);
    manifest.input(model.resolve("config.json")).input(model.resolve("model.safetensors"));
    host.ifPresent(
        folder ->
            manifest
                .input(folder.resolve("config.json"))
                .input(folder.resolve("model.safetensors")));
    manifest.settings().put("tokens", tokens.origin()).put("window", window).put("stride", stride);
    try {
      Optional<float[]> kept = manifest.kept(output);
      if (kept.isPresent()) {
        return kept.get();
      }
      float[] scores = compute(progress);
      manifest.keep(output, scores, manifest.results());
      return scores;
    } catch (IOException e) {
      throw new MnemeException(
          "cannot write %s: %s; check the folder and the free space"
              .formatted(output, FailureText.of(e)),
          e);
    }
  }

  private float[] compute(StageProgress progress) {
    var windows = new ScoredWindows(tokens, window, stride);
    float[] scores = new float[windows.size()];
    int done = 0;
    try (Losses network = open()) {
      for (List<ScoredWindows.Window> batch : windows.batches(SEQUENCES)) {
        Batch ids = Batch.ofWindows(windows.read(batch));
        float[] losses = network.of(ids);
        for (int i = 0; i < batch.size(); i++) {
          ScoredWindows.Window one = batch.get(i);
          for (int n = 0; n < one.count(); n++) {
            scores[one.place() + n] = -losses[i * ids.length() + one.first() + n];
          }
          done += one.count();
        }
        progress.at(done, scores.length);
      }
    }
    return scores;
  }
}

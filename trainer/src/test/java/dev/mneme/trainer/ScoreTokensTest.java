package dev.mneme.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.LlamaShape;
import dev.mneme.store.safetensors.Dtype;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ScoreTokensTest {

  private static final LlamaShape SHAPE =
      new LlamaShape(SmallTokens.VOCABULARY, 16, 2, 2, 1, 24, 32, 10_000, 1e-5);
  private static final int WINDOW = 20;
  private static final int STRIDE = 7;

  @TempDir Path directory;

  private Path model() {
    Path model = directory.resolve("model");
    try (DecoderNetwork network = DecoderNetwork.random(SHAPE, 6, false)) {
      network.save(model, Dtype.F32, 0);
    }
    return model;
  }

  private ScoreTokens scoring(TokenFile tokens, int stride) {
    return new ScoreTokens(
        tokens,
        directory.resolve("model"),
        Optional.empty(),
        directory.resolve("scores"),
        WINDOW,
        stride);
  }

  @Test
  void everyTokenIsScoredGivenWhatItsWindowHasBeforeIt() {
    try (TokenFile tokens = SmallTokens.write(directory.resolve("tokens"), 3, 50, 5);
        DecoderNetwork network = DecoderNetwork.open(model(), false)) {
      float[] scores = scoring(tokens, STRIDE).run((done, all) -> {});
      int place = 0;
      for (int document = 0; document < tokens.documents(); document++) {
        int[] ids = tokens.document(document);
        for (int i = 1; i < ids.length; i++, place++) {
          // The first window that reaches token i: windows end at 20, 27, 34, ...
          int start = i < WINDOW ? 0 : Math.ceilDiv(i + 1 - WINDOW, STRIDE) * STRIDE;
          float[] logits = network.logits(Arrays.copyOfRange(ids, start, i));
          assertThat(scores[place])
              .as("document %d, token %d", document, i)
              .isCloseTo(logProbability(logits, i - 1 - start, ids[i]), within(1e-4f));
        }
      }
      assertThat(scores).hasSize(place);
    }
  }

  private static float logProbability(float[] logits, int row, int id) {
    int from = row * SHAPE.vocabulary();
    double sum = 0;
    for (int i = 0; i < SHAPE.vocabulary(); i++) {
      sum += Math.exp(logits[from + i]);
    }
    return (float) (logits[from + id] - Math.log(sum));
  }

  @Test
  void scoresAreKeptUntilModelTextOrWindowsChange() throws IOException {
    model();
    var computed = new AtomicInteger();
    StageProgress progress = (done, all) -> computed.addAndGet(done == all ? 1 : 0);
    try (TokenFile tokens = SmallTokens.write(directory.resolve("tokens"), 3, 30, 5)) {
      float[] first = scoring(tokens, STRIDE).run(progress);
      assertThat(scoring(tokens, STRIDE).run(progress)).containsExactly(first);
      assertThat(computed).hasValue(1);
      scoring(tokens, STRIDE + 1).run(progress);
      assertThat(computed).hasValue(2);
      scoring(tokens, STRIDE).run(progress);
      assertThat(computed).hasValue(3);

      byte[] damaged = Files.readAllBytes(directory.resolve("scores"));
      damaged[5] ^= 1;
      Files.write(directory.resolve("scores"), damaged);
      assertThat(scoring(tokens, STRIDE).run(progress)).containsExactly(first);
      assertThat(computed).hasValue(4);
    }
  }
}

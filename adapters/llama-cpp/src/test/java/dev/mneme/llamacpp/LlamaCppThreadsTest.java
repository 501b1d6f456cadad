package dev.mneme.llamacpp;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.FloatRows;
import dev.mneme.HostSession;
import dev.mneme.Rows;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What threads, sessions at once and kinds of attention may change of a result: nothing. */
class LlamaCppThreadsTest {

  /** So many that newer releases would divide the past between threads. */
  private static final int[] TOKENS = new Random(11).ints(530, 3, 280).toArray();

  private static final int PROMPT = 510;
  private static final int FEW = 80;

  @TempDir static Path directory;
  private static Path host = Path.of("");

  @BeforeAll
  static void makeHost() {
    TinyModel.write(directory, Family.LLAMA, 1);
    ModelEdit.json(directory, "config.json", json -> json.put("max_position_embeddings", 1000));
    host = directory.resolve("host.gguf");
    GgufConverter.convertHost(directory, host, WeightType.F16);
  }

  /** Logits of every token: batches of some rows, as sessions bring them at once. */
  private static float[] logitsInBatches(LlamaCppHost model, int batch) {
    try (HostSession session = model.openSession(1)) {
      float[] all = new float[FEW * model.logitWidth()];
      for (int i = 0; i < FEW; i += batch) {
        int[] tokens = Arrays.copyOfRange(TOKENS, i, Math.min(FEW, i + batch));
        copy(session.forward(tokens, Rows.ALL), all, i * model.logitWidth());
      }
      return all;
    }
  }

  /** Logits of every token: some in one batch, the others one by one. */
  private static float[] logits(LlamaCppOptions options) {
    try (LlamaCppHost model = LlamaCppHost.open(host, options.withBatchSize(PROMPT))) {
      return logits(model);
    }
  }

  private static float[] logits(LlamaCppHost model) {
    try (HostSession session = model.openSession(1)) {
      int width = model.logitWidth();
      float[] all = new float[TOKENS.length * width];
      copy(session.forward(Arrays.copyOf(TOKENS, PROMPT), Rows.ALL), all, 0);
      for (int i = PROMPT; i < TOKENS.length; i++) {
        copy(session.forward(new int[] {TOKENS[i]}, Rows.ALL), all, i * width);
      }
      return all;
    }
  }

  private static void copy(FloatRows rows, float[] all, int at) {
    float[] floats = rows.segment().toArray(JAVA_FLOAT);
    System.arraycopy(floats, 0, all, at, floats.length);
  }

  @ParameterizedTest
  @EnumSource(names = {"OFF", "AUTO"})
  void theNumberOfThreadsChangesNoBit(FlashAttention attention) {
    LlamaCppOptions options = LlamaCppOptions.defaults().withFlashAttention(attention);
    float[] expected = logits(options.withThreads(1));
    assertThat(logits(options.withThreads(2))).isEqualTo(expected);
  }

  @Test
  void theKindOfAttentionHardlyChangesTheLogits() {
    float[] off = logits(LlamaCppOptions.defaults().withFlashAttention(FlashAttention.OFF));
    float[] on = logits(LlamaCppOptions.defaults().withFlashAttention(FlashAttention.ON));
    assertThat(logits(LlamaCppOptions.defaults())).as("AUTO on the processor").isEqualTo(off);
    double sum = 0;
    for (int i = 0; i < off.length; i++) {
      assertThat(on[i]).as("number %d", i).isCloseTo(off[i], within(0.2f));
      sum += Math.abs(on[i] - off[i]);
    }
    assertThat(sum / off.length).isLessThan(0.01);
  }

  @ParameterizedTest
  @EnumSource(FlashAttention.class)
  void theKindOfAttentionIsKeptByEverySession(FlashAttention attention) {
    LlamaCppOptions options =
        LlamaCppOptions.defaults().withFlashAttention(attention).withBatchSize(PROMPT);
    try (LlamaCppHost model = LlamaCppHost.open(host, options)) {
      assertThat(logits(model)).isEqualTo(logits(model));
    }
  }

  @Test
  void sessionsAtOnceGiveWhatTheyGiveAlone() throws Exception {
    List<Integer> batches = List.of(8, 5, 16, 1);
    int rounds = 40;
    LlamaCppOptions options = LlamaCppOptions.defaults().withThreads(1);
    try (LlamaCppHost model = LlamaCppHost.open(host, options);
        var pool = Executors.newFixedThreadPool(batches.size())) {
      List<float[]> alone = batches.stream().map(batch -> logitsInBatches(model, batch)).toList();
      var results = new ArrayList<Future<Integer>>();
      for (int caller = 0; caller < batches.size(); caller++) {
        int batch = batches.get(caller);
        float[] expected = alone.get(caller);
        Callable<Integer> work =
            () -> {
              int equal = 0;
              for (int round = 0; round < rounds; round++) {
                equal += Arrays.equals(logitsInBatches(model, batch), expected) ? 1 : 0;
              }
              return equal;
            };
        results.add(pool.submit(work));
      }
      for (Future<Integer> result : results) {
        assertThat(result.get()).isEqualTo(rounds);
      }
    }
  }

  @Test
  void moreThreadsThanThereAreCoresEndAsSoon() {
    float[] expected = logits(LlamaCppOptions.defaults().withThreads(1));
    Instant start = Instant.now();
    assertThat(logits(LlamaCppOptions.defaults().withThreads(512))).isEqualTo(expected);
    assertThat(Duration.between(start, Instant.now())).isLessThan(Duration.ofSeconds(60));
  }

  @Test
  void aSessionOfNoThreadsIsRefused() {
    try (LlamaCppHost model = LlamaCppHost.open(host)) {
      assertThatThrownBy(() -> model.openSession(0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("at least 1 thread");
    }
  }
}

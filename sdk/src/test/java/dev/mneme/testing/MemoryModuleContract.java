package dev.mneme.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mneme.ClosedException;
import dev.mneme.FloatRows;
import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link MemoryModule} promises; extend it and say how to open one. */
public abstract class MemoryModuleContract extends SessionContract<MemorySession> {

  private MemoryModule model;

  /** A fresh memory; this suite closes it. */
  protected abstract MemoryModule open();

  @BeforeEach
  void openModel() {
    model = open();
  }

  @AfterEach
  void closeModel() {
    model.close();
  }

  @Override
  protected MemorySession openSession() {
    return model.openSession(1);
  }

  @Override
  protected FloatRows extend(MemorySession session, int[] tokens, Rows rows) {
    int wanted =
        switch (rows) {
          case NONE -> 0;
          case LAST -> Math.min(1, tokens.length);
          case ALL -> tokens.length;
        };
    // A call the memory must refuse still gets rows it could read.
    int width = model.reads().map(reads -> reads.host().width()).orElse(0);
    if (width == 0) {
      return session.recall(tokens, rows);
    }
    float[] activations = new float[wanted * width];
    for (int i = 0; i < wanted; i++) {
      var random = new Random(tokens[tokens.length - wanted + i]);
      for (int j = 0; j < width; j++) {
        activations[i * width + j] = (float) random.nextGaussian();
      }
    }
    return session.recall(tokens, FloatRows.of(activations, width), rows);
  }

  @Override
  protected int logitWidth() {
    return model.logitWidth();
  }

  @Test
  void saysWhatItIs() {
    assertThat(model.name()).isNotBlank();
    assertThat(model.vocabulary().size()).isPositive();
    assertThat(model.logitWidth()).isGreaterThanOrEqualTo(model.vocabulary().size());
    assertThat(model.contextLength()).isPositive();
  }

  @Test
  void aClosedModelOpensNoSession() {
    model.close();
    assertThatThrownBy(() -> model.openSession(1)).isInstanceOf(ClosedException.class);
  }

  @Test
  void refusesActivationsOfAnotherNumberOrWidth() {
    assumeThat(model.reads()).as("this memory reads activations").isPresent();
    int width = model.reads().orElseThrow().host().width();
    int[] tokens = {someTokens()[0], someTokens()[1]};
    try (MemorySession session = openSession()) {
      assertThatThrownBy(() -> session.recall(tokens, FloatRows.NONE, Rows.LAST))
          .isInstanceOf(IllegalArgumentException.class);
      FloatRows one = FloatRows.of(new float[width], width);
      assertThatThrownBy(() -> session.recall(tokens, one, Rows.ALL))
          .isInstanceOf(IllegalArgumentException.class);
      FloatRows wide = FloatRows.of(new float[width + 1], width + 1);
      assertThatThrownBy(() -> session.recall(tokens, wide, Rows.LAST))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(Integer.toString(width + 1));
      assertThat(session.length()).isZero();
    }
  }

  @Test
  void itsDigestIsASha256() {
    assertThat(model.digest()).matches("sha256:[0-9a-f]{64}");
  }
}

package dev.mneme.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.ClosedException;
import dev.mneme.LogitRows;
import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.Rows;
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
  protected LogitRows extend(MemorySession session, int[] tokens, Rows rows) {
    return session.recall(tokens, rows);
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
  void itsDigestIsASha256() {
    assertThat(model.digest()).matches("sha256:[0-9a-f]{64}");
  }
}

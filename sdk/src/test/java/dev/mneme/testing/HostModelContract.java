package dev.mneme.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.ClosedException;
import dev.mneme.HostModel;
import dev.mneme.HostSession;
import dev.mneme.LogitRows;
import dev.mneme.Rows;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link HostModel} promises; extend it and say how to open one. */
public abstract class HostModelContract extends SessionContract<HostSession> {

  private HostModel model;

  /** A fresh host; this suite closes it. */
  protected abstract HostModel open();

  /** A text its tokenizer knows. */
  protected abstract String sampleText();

  @BeforeEach
  void openModel() {
    model = open();
  }

  @AfterEach
  void closeModel() {
    model.close();
  }

  @Override
  protected HostSession openSession() {
    return model.openSession(1);
  }

  @Override
  protected LogitRows extend(HostSession session, int[] tokens, Rows rows) {
    return session.forward(tokens, rows);
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
  void whatItsTokenizerEncodesItDecodes() {
    String text = sampleText();
    assertThat(model.tokenizer().decode(model.tokenizer().encode(text))).isEqualTo(text);
  }
}

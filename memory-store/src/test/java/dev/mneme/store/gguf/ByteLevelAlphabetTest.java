package dev.mneme.store.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ByteLevelAlphabetTest {

  @Test
  void everyByteHasASymbolOfItsOwn() {
    byte[] all = new byte[256];
    for (int i = 0; i < 256; i++) {
      all[i] = (byte) i;
    }
    String symbols = ByteLevelAlphabet.toSymbols(all);

    assertThat(symbols.chars().distinct()).hasSize(256);
    assertThat(symbols.chars()).noneMatch(Character::isWhitespace);
    assertThat(ByteLevelAlphabet.toBytes(symbols)).isEqualTo(all);
  }

  @Test
  void writesTheKnownSymbols() {
    byte[] text = " Hé\n\0\u007f".getBytes(StandardCharsets.UTF_8);
    assertThat(ByteLevelAlphabet.toSymbols(text)).isEqualTo("ĠHÃ©ĊĀġ");
  }

  /** 0xAD, the soft hyphen, is the last of the 68 bytes without a visible character. */
  @Test
  void softHyphenHasTheLastSymbol() {
    assertThat(ByteLevelAlphabet.toSymbols(new byte[] {(byte) 0xAD})).isEqualTo("\u0143");
  }

  @Test
  void entriesOutsideTheAlphabetAreTheirOwnText() {
    assertThat(ByteLevelAlphabet.toBytes("a b")).isEqualTo("a b".getBytes(StandardCharsets.UTF_8));
    assertThat(ByteLevelAlphabet.toBytes("Ġ語")).isEqualTo("Ġ語".getBytes(StandardCharsets.UTF_8));
    assertThat(ByteLevelAlphabet.toBytes("\u0144"))
        .isEqualTo("\u0144".getBytes(StandardCharsets.UTF_8));
  }
}

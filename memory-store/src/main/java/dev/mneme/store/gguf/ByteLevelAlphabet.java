package dev.mneme.store.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The alphabet in which byte-level tokenizers write their entries: one visible character per byte.
 * It is that of GPT-2's {@code bytes_to_unicode}: printable Latin-1 characters stand for their own
 * code, and the 68 other bytes, in order, for the characters from U+0100 on.
 */
public final class ByteLevelAlphabet {
  private static final int NOT_A_SYMBOL = -1;
  private static final char[] SYMBOL_OF_BYTE = new char[256];
  private static final int[] BYTE_OF_SYMBOL = new int[256 + 68];

  static {
    Arrays.fill(BYTE_OF_SYMBOL, NOT_A_SYMBOL);
    char next = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xFF && b != 0xAD);
      SYMBOL_OF_BYTE[b] = printable ? (char) b : next++;
      BYTE_OF_SYMBOL[SYMBOL_OF_BYTE[b]] = b;
    }
  }

  private ByteLevelAlphabet() {}

  /**
   * The bytes that an entry stands for. An entry with any character outside the alphabet was added
   * to the vocabulary as plain text, so it stands for its own UTF-8 bytes.
   */
  public static byte[] toBytes(String symbols) {
    var bytes = new ByteArrayOutputStream(symbols.length());
    for (int i = 0; i < symbols.length(); i++) {
      char symbol = symbols.charAt(i);
      int b = symbol < BYTE_OF_SYMBOL.length ? BYTE_OF_SYMBOL[symbol] : NOT_A_SYMBOL;
      if (b == NOT_A_SYMBOL) {
        return symbols.getBytes(StandardCharsets.UTF_8);
      }
      bytes.write(b);
    }
    return bytes.toByteArray();
  }

  /** The entry that stands for these bytes, with one character for each. */
  public static String toSymbols(byte[] bytes) {
    char[] symbols = new char[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      symbols[i] = SYMBOL_OF_BYTE[Byte.toUnsignedInt(bytes[i])];
    }
    return new String(symbols);
  }
}

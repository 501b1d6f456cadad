package dev.mneme.store.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The 256 printable characters that stand for bytes in byte-level BPE vocabularies (GPT-2's
 * encoder): printable Latin-1 for itself, the rest in order from U+0100 on.
 */
public final class ByteLevelAlphabet {

  private final char[] symbols = new char[256];
  private final int[] bytes = new int[0x200];

  public ByteLevelAlphabet() {
    java.util.Arrays.fill(bytes, -1);
    int next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      symbols[b] = (char) (printable ? b : next++);
      bytes[symbols[b]] = b;
    }
  }

  /** The bytes that symbols stand for; a character outside the alphabet stands for its UTF-8. */
  public byte[] toBytes(String text) {
    var out = new ByteArrayOutputStream();
    text.codePoints()
        .forEach(
            point -> {
              if (point < bytes.length && bytes[point] >= 0) {
                out.write(bytes[point]);
              } else {
                out.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
              }
            });
    return out.toByteArray();
  }

  /** The symbol of one byte. */
  public char symbol(byte b) {
    return symbols[b & 0xFF];
  }
}

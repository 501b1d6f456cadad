package dev.mneme.benchmarks.schema;

import dev.mneme.store.gguf.ByteLevelAlphabet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A tokenizer of some 260 entries, with the optional keys of real files. */
final class SmallTokenizer {

  private static final String KEYS = "tokenizer.ggml.";
  private static final int CONTROL = 3;
  private static final int BYTE = 6;

  private SmallTokenizer() {}

  /**
   * Adds the keys of a tokenizer.
   *
   * @param byteLevel whether it is {@code gpt2} rather than {@code llama}
   * @return the number of entries
   */
  static int put(GgufDraft draft, boolean byteLevel) {
    var tokens = new ArrayList<String>(List.of("<unk>", "<s>", "</s>"));
    for (int b = 0; b < 256; b++) {
      tokens.add(
          byteLevel ? ByteLevelAlphabet.toSymbols(new byte[] {(byte) b}) : "<0x%02X>".formatted(b));
    }
    tokens.addAll(
        byteLevel ? List.of("th", "the", "in") : List.of("\u2581", "t", "h", "e", "th", "the"));
    long[] types = new long[tokens.size()];
    Arrays.fill(types, 1);
    Arrays.fill(types, 0, 3, CONTROL);
    if (!byteLevel) {
      Arrays.fill(types, 3, 259, BYTE);
    }
    draft.put(KEYS + "model", RawValue.string(byteLevel ? "gpt2" : "llama"));
    draft.put(KEYS + "pre", RawValue.string(byteLevel ? "gpt-2" : "default"));
    draft.put(KEYS + "tokens", RawValue.strings(tokens));
    draft.put(KEYS + "token_type", RawValue.array(RawValue.INT32, types));
    draft.put(KEYS + "unknown_token_id", number(0));
    draft.put(KEYS + "bos_token_id", number(1));
    draft.put(KEYS + "eos_token_id", number(2));
    draft.put(KEYS + "padding_token_id", number(0));
    draft.put(KEYS + "add_bos_token", RawValue.bool(1));
    draft.put(KEYS + "add_space_prefix", RawValue.bool(byteLevel ? 0 : 1));
    draft.put("tokenizer.chat_template", RawValue.string("<|im_start|>"));
    if (byteLevel) {
      draft.put(KEYS + "merges", RawValue.strings(List.of("t h", "th e", "i n")));
    } else {
      draft.put(
          KEYS + "scores",
          RawValue.array(RawValue.FLOAT32, tokens.size(), RawValue.real(RawValue.FLOAT32, -1)));
    }
    return tokens.size();
  }

  private static RawValue number(long value) {
    return RawValue.integer(RawValue.UINT32, value);
  }
}

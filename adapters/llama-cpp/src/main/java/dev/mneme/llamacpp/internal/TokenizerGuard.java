package dev.mneme.llamacpp.internal;

import com.google.common.collect.ImmutableSet;
import dev.mneme.MalformedFileException;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufValue;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Refuses a tokenizer on which llama.cpp would end the process or read past an array. It sees the
 * token list as llama.cpp does: names end at their first zero byte, and an empty name becomes
 * {@code [EMPTY_id]}.
 */
final class TokenizerGuard {

  private static final String KEYS = "tokenizer.ggml.";
  private static final Set<String> TOKENIZERS =
      ImmutableSet.of("llama", "gpt2", "none", "no_vocab");

  private final GgufFile file;

  private TokenizerGuard(GgufFile file) {
    this.file = file;
  }

  /**
   * Checks a file.
   *
   * @param arch the architecture, which begins the key of a vocabulary's size
   * @throws MalformedFileException naming the key
   */
  static void check(GgufFile file, String arch) {
    new TokenizerGuard(file).check(arch);
  }

  /** Whether the file has only a number of ids and no names for them. */
  static boolean isWithoutNames(GgufFile file) {
    String model = file.string(KEYS + "model").orElse("");
    return model.equals("none") || model.equals("no_vocab");
  }

  private void check(String arch) {
    String model = file.string(KEYS + "model").orElse("");
    if (!TOKENIZERS.contains(model)) {
      throw malformed(
          "model",
          "is %s; supported are %s".formatted(model.isEmpty() ? "missing" : model, TOKENIZERS));
    }
    if (isWithoutNames(file)) {
      OptionalLong size = file.integer(arch + ".vocab_size");
      if (size.isEmpty() || size.getAsLong() < 1 || size.getAsLong() > Integer.MAX_VALUE) {
        throw new MalformedFileException(
            "%s: %s.vocab_size must be 1 or more where there is no token list"
                .formatted(file.path(), arch));
      }
      return;
    }
    byte[][] tokens = file.byteStrings(KEYS + "tokens");
    if (tokens.length == 0) {
      throw malformed("tokens", "is missing or empty");
    }
    Map<String, Integer> ids = idsByName(tokens);
    checkLength("scores", GgufValue.Type.FLOAT32, tokens.length);
    checkLength("token_type", GgufValue.Type.INT32, tokens.length);
    if (model.equals("llama")) {
      checkByteTokens(ids);
    } else if (file.strings(KEYS + "merges").isEmpty()) {
      throw malformed("merges", "is missing, without which a byte-pair tokenizer cannot work");
    }
  }

  private Map<String, Integer> idsByName(byte[][] tokens) {
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < tokens.length; id++) {
      String name = nameOf(tokens[id], id);
      Integer before = ids.put(name, id);
      if (before != null) {
        throw malformed(
            "tokens",
            "holds \"%s\" twice, as id %d and id %d"
                .formatted(new String(tokens[id], StandardCharsets.UTF_8), before, id));
      }
    }
    return ids;
  }

  /** One character for each byte, so that names that are no UTF-8 stay apart. */
  private static String nameOf(byte[] token, int id) {
    String name = new String(token, StandardCharsets.ISO_8859_1);
    int end = name.indexOf('\0');
    String seen = end < 0 ? name : name.substring(0, end);
    return seen.isEmpty() ? "[EMPTY_" + id + "]" : seen;
  }

  /** llama.cpp reads one item of this type for each token, whatever the file declares. */
  private void checkLength(String list, GgufValue.Type type, int expected) {
    switch (file.metadata().get(KEYS + list)) {
      case null -> {}
      case GgufValue.Numbers numbers when numbers.type() == type -> {
        if (numbers.length() != expected) {
          throw malformed(
              list, "has %d entries for %d tokens".formatted(numbers.length(), expected));
        }
      }
      case GgufValue other ->
          throw malformed(
              list, "should be an array of %s, but is %s".formatted(type, other.type()));
    }
  }

  /**
   * The SentencePiece tokenizer looks a byte token up for what no piece covers, and throws without.
   */
  private void checkByteTokens(Map<String, Integer> ids) {
    for (int b = 0; b < 256; b++) {
      String name = "<0x%02X>".formatted(b);
      if (!ids.containsKey(name) && !ids.containsKey(Character.toString(b))) {
        throw malformed("tokens", "has no token for the byte " + name);
      }
    }
  }

  private MalformedFileException malformed(String key, String problem) {
    return new MalformedFileException("%s: %s%s %s".formatted(file.path(), KEYS, key, problem));
  }
}

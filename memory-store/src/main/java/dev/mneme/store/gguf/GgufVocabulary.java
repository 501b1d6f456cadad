package dev.mneme.store.gguf;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.Vocabulary;
import dev.mneme.Vocabulary.Kind;
import dev.mneme.Vocabulary.Merges;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The vocabulary inside a GGUF file, from its {@code tokenizer.ggml.*} keys. Entries mean what
 * llama.cpp makes of them, so that the result can be compared with that of any other file format.
 */
public final class GgufVocabulary {
  /**
   * A key of Mneme's own: a text that begins with a blank gets no other before it, where {@code
   * tokenizer.ggml.add_space_prefix} puts one before every text.
   */
  public static final String KEEPS_LEADING_BLANK = "mneme.tokenizer.keeps_leading_blank";

  private static final String KEYS = "tokenizer.ggml.";

  /** What SentencePiece writes for a blank: U+2581 in UTF-8, here one character for each byte. */
  private static final String BLANK_SYMBOL = "\u00e2\u0096\u0081";

  /**
   * Names that end a generation. llama.cpp makes these control tokens whatever type the file gives,
   * because converters are known to mistype them.
   */
  private static final Set<String> END_NAMES =
      Set.of("<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<|endoftext|>", "<end_of_turn>");

  /** Ends a generation too, but only as a control token: elsewhere it is ordinary markup. */
  private static final String END_TAG = "</s>";

  private static final Pattern RESERVED =
      Pattern.compile(
          "<unused.*>|<\\|.*\\|>|<\uff5c.*\uff5c>|<pad>|<mask>|<2mass>|\\[@BOS@]", Pattern.DOTALL);

  private static final Pattern BYTE_NAME = Pattern.compile("<0x([0-9A-Fa-f]{2})>");

  // The numbers of llama.cpp's llama_token_type.
  private static final int UNDEFINED = 0;
  private static final int NORMAL = 1;
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;
  private static final int BYTE = 6;

  private final GgufFile file;
  private final boolean byteLevel;
  private final byte[][] tokens;
  private final int[] types;
  private final Set<Integer> ends = new HashSet<>();
  private final Vocabulary.Builder builder = Vocabulary.builder();

  private GgufVocabulary(GgufFile file) {
    this.file = file;
    this.byteLevel = isByteLevel(file);
    this.tokens = file.byteStrings(KEYS + "tokens");
    this.types = file.integers(KEYS + "token_type");
    if (tokens.length == 0) {
      throw malformed("tokens", "the token list is absent or empty");
    }
    if (types.length != 0 && types.length != tokens.length) {
      throw malformed(
          "token_type", "%d types for %d tokens".formatted(types.length, tokens.length));
    }
  }

  /**
   * The vocabulary of a file with a SentencePiece ({@code llama}) or byte-level ({@code gpt2})
   * tokenizer.
   *
   * @throws MalformedFileException if the keys contradict each other
   * @throws MnemeException if the file has no tokenizer, or one of another kind
   */
  public static Vocabulary read(GgufFile file) {
    var vocabulary = new GgufVocabulary(file);
    vocabulary.addEntries();
    vocabulary.addNamedSpecialIds();
    return vocabulary.build();
  }

  /**
   * The vocabulary of a file with the special ids that a library takes, which has rules of its own
   * for what a file leaves out or names outside its tokens.
   *
   * @param bos the id that begins a sequence
   * @param beginsWithBos whether texts begin with it
   * @param ends all ids that end a generation
   * @throws MalformedFileException as {@link #read(GgufFile)}
   */
  public static Vocabulary read(
      GgufFile file, OptionalInt bos, boolean beginsWithBos, Set<Integer> ends) {
    var vocabulary = new GgufVocabulary(file);
    vocabulary.addEntries();
    bos.ifPresent(vocabulary.builder::bos);
    vocabulary.builder.beginsWithBos(beginsWithBos);
    vocabulary.ends.clear();
    vocabulary.ends.addAll(ends);
    return vocabulary.build();
  }

  /**
   * Whether an added token is a mark by its name, whatever a file says of it. Gemma's and Qwen's
   * tokenizers do not call all of theirs special; llama.cpp's converter does, by these names.
   */
  public static boolean isReserved(String name) {
    return RESERVED.matcher(name).matches();
  }

  private static boolean isByteLevel(GgufFile file) {
    String model =
        file.string(KEYS + "model")
            .orElseThrow(
                () ->
                    new MnemeException(
                        "%s has no vocabulary: key \"%smodel\" is absent"
                            .formatted(file.path(), KEYS)));
    return switch (model) {
      case "gpt2" -> true;
      case "llama" -> false;
      default ->
          throw new MnemeException(
              "%s: key \"%smodel\": expected \"llama\" or \"gpt2\", found \"%s\""
                  .formatted(file.path(), KEYS, model));
    };
  }

  private void addEntries() {
    for (int id = 0; id < tokens.length; id++) {
      addEntry(id);
    }
  }

  private void addNamedSpecialIds() {
    file.bool(KEYS + "add_bos_token").ifPresent(builder::beginsWithBos);
    specialId("bos_token_id").ifPresent(builder::bos);
    for (String key : List.of("eos_token_id", "eot_token_id", "eom_token_id")) {
      specialId(key).ifPresent(ends::add);
    }
  }

  private Vocabulary build() {
    ends.forEach(builder::end);
    byte[][] merges = byteLevel ? file.byteStrings(KEYS + "merges") : new byte[0][];
    if (merges.length > 0) {
      builder.merges(
          Merges.of(
              Arrays.stream(merges)
                  .map(rule -> new String(rule, StandardCharsets.UTF_8))
                  .toList()));
    }
    return builder.build();
  }

  private void addEntry(int id) {
    String name = new String(tokens[id], StandardCharsets.UTF_8);
    int type = types.length == 0 ? NORMAL : types[id];
    if (type == CONTROL && name.equals(END_TAG)) {
      ends.add(id);
    }
    if (isMistypeable(type) && END_NAMES.contains(name)) {
      type = CONTROL;
      ends.add(id);
    }
    if (type == USER_DEFINED && isReserved(name)) {
      type = CONTROL;
    }
    // Some converters type their padding as user-defined; its name tells.
    if (type == USER_DEFINED && name.equals("[PAD" + id + "]")) {
      type = UNUSED;
    }
    switch (type) {
      case NORMAL -> builder.add(normalBytes(id, name), Kind.TEXT);
      case USER_DEFINED -> builder.add(tokens[id], Kind.ADDED);
      case BYTE -> builder.add(new byte[] {namedByte(id, name)}, Kind.TEXT);
      case CONTROL, UNKNOWN -> builder.add(tokens[id], Kind.CONTROL);
      case UNUSED, UNDEFINED -> builder.add(tokens[id], Kind.UNUSED);
      default -> throw malformed("token_type", "token %d has unknown type %d".formatted(id, type));
    }
  }

  private static boolean isMistypeable(int type) {
    return type == NORMAL || type == USER_DEFINED || type == CONTROL;
  }

  private byte[] normalBytes(int id, String name) {
    if (!byteLevel) {
      return withBlanks(tokens[id]);
    }
    return name.indexOf('\uFFFD') < 0 ? ByteLevelAlphabet.toBytes(name) : tokens[id];
  }

  /** Replaces byte by byte, read as Latin-1, so that entries that are no UTF-8 survive. */
  private static byte[] withBlanks(byte[] entry) {
    return new String(entry, StandardCharsets.ISO_8859_1)
        .replace(BLANK_SYMBOL, " ")
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private byte namedByte(int id, String name) {
    Matcher matcher = BYTE_NAME.matcher(name);
    if (!matcher.matches()) {
      throw malformed(
          "tokens",
          "token %d is a byte, expected a name like <0x0A>, found %s".formatted(id, name));
    }
    return (byte) Integer.parseInt(matcher.group(1), 16);
  }

  /** An id outside the tokens means that there is none. */
  private OptionalInt specialId(String key) {
    OptionalLong id = file.integer(KEYS + key);
    return id.isEmpty() || id.getAsLong() < 0 || id.getAsLong() >= tokens.length
        ? OptionalInt.empty()
        : OptionalInt.of((int) id.getAsLong());
  }

  private MalformedFileException malformed(String key, String problem) {
    return new MalformedFileException(
        "%s: metadata key \"%s%s\": %s".formatted(file.path(), KEYS, key, problem));
  }
}

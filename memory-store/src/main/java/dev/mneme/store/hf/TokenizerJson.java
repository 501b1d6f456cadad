package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.Vocabulary;
import dev.mneme.Vocabulary.Kind;
import dev.mneme.Vocabulary.Merges;
import dev.mneme.store.files.RegularFiles;
import dev.mneme.store.gguf.ByteLevelAlphabet;
import dev.mneme.store.gguf.GgufVocabulary;
import dev.mneme.store.json.JsonValue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A byte-pair-encoding tokenizer in the format of the Hugging Face tokenizers library ({@code
 * tokenizer.json}), with the special ids that lie around it in {@code tokenizer_config.json},
 * {@code config.json} and {@code generation_config.json}. Immutable.
 *
 * <p>It gives a {@link Vocabulary}; it does not tokenize. Two styles are read: SentencePiece's
 * (blanks as U+2581, unknown characters as bytes {@code <0xNN>}) and byte-level (GPT-2's alphabet).
 */
public final class TokenizerJson {

  /** The file's name in a model folder. */
  public static final String FILE = "tokenizer.json";

  /** How entries spell text. */
  enum Style {
    SENTENCE_PIECE,
    BYTE_LEVEL
  }

  /** What an entry is, with the numbers of llama.cpp's token types. */
  enum TokenType {
    NORMAL(1),
    UNKNOWN(2),
    CONTROL(3),
    USER_DEFINED(4),
    UNUSED(5),
    BYTE(6);

    private final int number;

    TokenType(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }
  }

  /** One id: its text as the file writes it, and what it is. */
  record Token(String text, TokenType type) {}

  /** Two entries that join to a third; earlier merges go first. */
  record Merge(String left, String right) {
    String joined() {
      return left + right;
    }
  }

  /** Ids without an entry that any vocabulary may have, to be a round number. */
  private static final int MOST_PADDING = 4096;

  /** Several times the largest in use. */
  private static final long MOST_BYTES = 128L << 20;

  static final char BLANK = '\u2581';
  private static final Pattern BYTE_NAME = Pattern.compile("<0x[0-9A-F]{2}>");

  private final JsonValue json;
  private final Optional<JsonValue> settings;
  private final Style style;
  private final List<Token> tokens;
  private final Map<String, Integer> ids = new HashMap<>();
  private final OptionalInt bos;
  private final SequencedSet<Integer> ends = new LinkedHashSet<>();
  private final OptionalInt unknown;
  private final Vocabulary vocabulary;
  private final Optional<String> chatTemplate;

  private TokenizerJson(
      Path directory, int vocabularySize, OptionalInt configBos, List<Integer> configEnds) {
    Optional<JsonValue> config = optional(directory, HuggingFaceConfig.FILE);
    this.settings = optional(directory, "tokenizer_config.json");
    this.json =
        TokenizerClass.apply(
            JsonValue.read(directory.resolve(FILE), MOST_BYTES),
            settings,
            config
                .flatMap(fields -> fields.find("model_type"))
                .filter(JsonValue::isString)
                .map(JsonValue::string));
    this.chatTemplate = ChatTemplate.read(directory, settings);
    JsonValue model = json.get("model");
    requireBpe(model);
    this.style = style(model);
    this.tokens = tokens(model, vocabularySize);
    for (int id = 0; id < tokens.size(); id++) {
      Integer other = ids.put(tokens.get(id).text(), id);
      if (other != null) {
        throw malformed(
            "ids %d and %d are both \"%s\"".formatted(other, id, tokens.get(id).text()));
      }
    }
    for (JsonValue added : addedTokens()) { // merges name them as the file writes them
      int id = (int) added.get("id").integer(0, Integer.MAX_VALUE);
      if (id < tokens.size()) {
        ids.putIfAbsent(added.get("content").string(), id);
      }
    }
    this.unknown = unknown(model);
    this.bos =
        named("bos_token")
            .or(() -> boxed(configBos))
            .filter(this::hasRow)
            .or(() -> config.flatMap(DefaultIds::bos).filter(this::isMark))
            .or(() -> boxed(TextBeginning.mark(this)).filter(this::hasRow))
            .map(OptionalInt::of)
            .orElseGet(OptionalInt::empty);
    named("eos_token").ifPresent(ends::add);
    ends.addAll(configEnds);
    optional(directory, GenerationSettings.FILE)
        .ifPresent(generation -> ends.addAll(HuggingFaceConfig.ids(generation, "eos_token_id")));
    ends.removeIf(id -> !hasRow(id)); // the model never gives such an id
    if (ends.isEmpty()) {
      config.flatMap(DefaultIds::eos).filter(this::isMark).ifPresent(ends::add);
    }
    this.vocabulary = buildVocabulary();
  }

  /**
   * Reads the tokenizer of a model folder.
   *
   * @throws MalformedFileException if the file contradicts itself or {@code config.json}
   * @throws MnemeException if there is none, or it is of a kind that is not supported
   */
  public static TokenizerJson read(Path directory, HuggingFaceConfig config) {
    return read(directory, config.vocabulary(), config.bos(), config.eos());
  }

  /** As the other, with what is needed of {@code config.json}. */
  static TokenizerJson read(
      Path directory, int vocabularySize, OptionalInt bos, List<Integer> ends) {
    if (!RegularFiles.exists(directory.resolve(FILE))) {
      throw new MnemeException(
          "%s has no %s; load the model's tokenizer in Python as a fast tokenizer and save_pretrained it"
              .formatted(directory, FILE));
    }
    return new TokenizerJson(directory, vocabularySize, bos, ends);
  }

  /** What each id means, padded with unused ids to the model's {@code vocab_size}. */
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /**
   * Whether a text is meant to begin with the beginning-of-sequence id: by the tokenizer's own
   * template for one text. {@code add_bos_token} of its settings counts for nothing, as in
   * transformers 5.
   */
  public boolean beginsWithBos() {
    return bos.isPresent() && TextBeginning.isBos(this);
  }

  /** Whether a blank is put before a text, so that a first word is spelt as any other. */
  public boolean addsLeadingSpace() {
    return TextBeginning.isBlank(this);
  }

  /**
   * How a conversation becomes a text, in the template language Jinja: {@code chat_template.jinja}
   * or else {@code chat_template} of {@code tokenizer_config.json}, of several the one called
   * {@code default}.
   */
  public Optional<String> chatTemplate() {
    return chatTemplate;
  }

  /** The file, with what the settings beside it change. */
  public JsonValue json() {
    return json;
  }

  /** {@code tokenizer_config.json}, where the folder has one. */
  Optional<JsonValue> settings() {
    return settings;
  }

  Style style() {
    return style;
  }

  List<Token> tokens() {
    return tokens;
  }

  OptionalInt id(String text) {
    Integer id = ids.get(text);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  OptionalInt bos() {
    return bos;
  }

  /** Ids that end a generation, the main one first. */
  SequencedSet<Integer> ends() {
    return ends;
  }

  OptionalInt unknown() {
    return unknown;
  }

  /** Merges in order, written in the file as {@code "a b"} or as {@code ["a", "b"]}. */
  List<Merge> merges() {
    var merges = new ArrayList<Merge>();
    for (JsonValue entry : json.get("model").get("merges").elements()) {
      List<String> parts =
          entry.isArray()
              ? entry.elements().stream().map(JsonValue::string).toList()
              : Arrays.asList(entry.string().split(" ", -1));
      if (parts.size() != 2) {
        throw entry.unlike("two entries of the vocabulary");
      }
      var merge = new Merge(parts.getFirst(), parts.getLast());
      for (String part : List.of(merge.left(), merge.right(), merge.joined())) {
        if (!ids.containsKey(part)) {
          throw entry.unlike("made of entries; \"%s\" is not in the vocabulary".formatted(part));
        }
      }
      merges.add(merge);
    }
    return merges;
  }

  /** A part of the pipeline as a flat list: nothing, one component, or a sequence's. */
  List<JsonValue> components(String part, String membersOfSequence) {
    return json.find(part).map(p -> flatten(p, membersOfSequence)).orElse(List.of());
  }

  MalformedFileException malformed(String problem) {
    return new MalformedFileException(json.origin() + ": " + problem);
  }

  private static List<JsonValue> flatten(JsonValue part, String membersOfSequence) {
    if (!part.get("type").string().equals("Sequence")) {
      return List.of(part);
    }
    return part.get(membersOfSequence).elements().stream()
        .flatMap(member -> flatten(member, membersOfSequence).stream())
        .toList();
  }

  private static void requireBpe(JsonValue model) {
    Optional<JsonValue> type = model.find("type");
    if (type.isPresent() && !type.get().string().equals("BPE")) {
      throw type.get().unlike("BPE, the only supported tokenizer model");
    }
    for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
      Optional<JsonValue> value = model.find(affix);
      if (value.isPresent() && !value.get().string().isEmpty()) {
        throw value.get().unlike("absent or empty: marked word parts are not supported");
      }
    }
  }

  private Style style(JsonValue model) {
    boolean byteLevel =
        components("pre_tokenizer", "pretokenizers").stream()
            .anyMatch(c -> c.get("type").string().equals("ByteLevel"));
    if (byteLevel) {
      return Style.BYTE_LEVEL;
    }
    if (model.find("byte_fallback").map(JsonValue::bool).orElse(false)) {
      return Style.SENTENCE_PIECE;
    }
    throw new MnemeException(
        "%s: expected byte-level entries (a ByteLevel pre_tokenizer) or model.byte_fallback = true; a"
                .formatted(json.origin())
            + " tokenizer with neither cannot spell every text and is not supported");
  }

  private List<Token> tokens(JsonValue model, int size) {
    requirePadding(size, model);
    var found = new @Nullable Token[size];
    model
        .get("vocab")
        .members()
        .forEach(
            (text, value) -> {
              int id = id(value, size);
              if (found[id] != null) {
                throw value.unlike(
                    "an id of its own; it is \"%s\" too".formatted(found[id].text()));
              }
              boolean isByte = style == Style.SENTENCE_PIECE && BYTE_NAME.matcher(text).matches();
              found[id] = new Token(text, isByte ? TokenType.BYTE : TokenType.NORMAL);
            });
    for (JsonValue added : addedTokens()) {
      String text = added.get("content").string();
      boolean special = added.find("special").map(JsonValue::bool).orElse(false);
      if (added.get("id").integer(0, Integer.MAX_VALUE) >= size) {
        continue; // as Gemma 3's mark for images, which its models of text lack, or a late <pad>
      }
      int id = id(added.get("id"), size);
      if (found[id] != null && !found[id].text().equals(text)) {
        throw added.get("content").unlike("\"%s\", what id %d is".formatted(found[id].text(), id));
      }
      found[id] =
          special || GgufVocabulary.isReserved(text)
              ? new Token(text, TokenType.CONTROL)
              : new Token(text.replace(BLANK, ' '), TokenType.USER_DEFINED);
    }
    model
        .find("unk_token")
        .ifPresent(
            unk -> {
              for (int id = 0; id < size; id++) {
                if (found[id] != null && found[id].text().equals(unk.string())) {
                  found[id] = new Token(unk.string(), TokenType.UNKNOWN);
                }
              }
            });
    var tokens = new ArrayList<Token>(size);
    for (int id = 0; id < size; id++) {
      Token token = found[id];
      tokens.add(token == null ? new Token("[PAD" + id + "]", TokenType.UNUSED) : token);
    }
    return List.copyOf(tokens);
  }

  private List<JsonValue> addedTokens() {
    return json.find("added_tokens").map(JsonValue::elements).orElse(List.of());
  }

  /** A vocabulary takes memory for every id, so its size must be one that the entries vouch for. */
  private void requirePadding(int size, JsonValue model) {
    int entries = model.get("vocab").members().size() + addedTokens().size();
    if (size - entries > Math.max(entries, MOST_PADDING)) {
      throw malformed(
          "%d entries for a vocab_size in %s of %d; at most %d ids may be padding"
              .formatted(entries, HuggingFaceConfig.FILE, size, Math.max(entries, MOST_PADDING)));
    }
  }

  private int id(JsonValue value, int size) {
    long id = value.integer(0, Integer.MAX_VALUE);
    if (id >= size) {
      throw value.unlike(
          "below vocab_size of %s, %d, as the model has no more rows"
              .formatted(HuggingFaceConfig.FILE, size));
    }
    return (int) id;
  }

  private OptionalInt unknown(JsonValue model) {
    Optional<JsonValue> text = model.find("unk_token");
    if (text.isEmpty()) {
      return OptionalInt.empty();
    }
    OptionalInt id = id(text.get().string());
    if (id.isEmpty()) {
      throw unknown(text.get(), "in the vocabulary");
    }
    return id;
  }

  /** The id of a token that {@code tokenizer_config.json} names by its text. */
  private Optional<Integer> named(String role) {
    Optional<JsonValue> value = settings.flatMap(s -> s.find(role));
    if (value.isEmpty()) {
      return Optional.empty();
    }
    JsonValue text = value.get().isObject() ? value.get().get("content") : value.get();
    Integer id = ids.get(text.string());
    if (id == null) {
      throw unknown(text, "in the vocabulary of " + FILE);
    }
    return Optional.of(id);
  }

  /** The complaint about a mark that has no id, or an id without a row in the model. */
  private MalformedFileException unknown(JsonValue mark, String expectation) {
    for (JsonValue added : addedTokens()) {
      if (added.get("content").string().equals(mark.string())) {
        return new MalformedFileException(
            "%s: \"%s\" is %s, to which %s gives the id %s, but the model has rows for %d ids only: its embedding was not resized after the mark was added; in Python, call model.resize_token_embeddings(len(tokenizer)) and save the model again"
                .formatted(
                    mark.origin(), mark.place(), mark, FILE, added.get("id"), tokens.size()));
      }
    }
    return mark.unlike(expectation);
  }

  private static Optional<Integer> boxed(OptionalInt id) {
    return id.isEmpty() ? Optional.empty() : Optional.of(id.getAsInt());
  }

  /** A family's default id is taken only where the tokenizer has a mark there, no word. */
  private boolean isMark(int id) {
    return hasRow(id) && tokens.get(id).type() == TokenType.CONTROL;
  }

  private boolean hasRow(int id) {
    return id < tokens.size();
  }

  private Vocabulary buildVocabulary() {
    Vocabulary.Builder builder = Vocabulary.builder();
    for (Token token : tokens) {
      switch (token.type()) {
        case NORMAL -> {
          if (style == Style.BYTE_LEVEL) {
            builder.add(ByteLevelAlphabet.toBytes(token.text()), Kind.TEXT);
          } else {
            builder.add(token.text().replace(BLANK, ' '), Kind.TEXT);
          }
        }
        case BYTE -> builder.add(new byte[] {byteOf(token.text())}, Kind.TEXT);
        case USER_DEFINED -> builder.add(token.text(), Kind.ADDED);
        case CONTROL, UNKNOWN -> builder.add(token.text(), Kind.CONTROL);
        case UNUSED -> builder.add(token.text(), Kind.UNUSED);
      }
    }
    bos.ifPresent(builder::bos);
    builder.beginsWithBos(beginsWithBos());
    ends.forEach(builder::end);
    if (style == Style.BYTE_LEVEL) { // SentencePiece's GGUF has scores instead, in no fixed order
      List<String> rules = merges().stream().map(m -> m.left() + " " + m.right()).toList();
      if (!rules.isEmpty()) {
        builder.merges(Merges.of(rules));
      }
    }
    return builder.build();
  }

  private static byte byteOf(String name) {
    return (byte) Integer.parseInt(name, 3, 5, 16);
  }

  private static Optional<JsonValue> optional(Path directory, String file) {
    Path path = directory.resolve(file);
    return RegularFiles.exists(path) ? Optional.of(JsonValue.readPython(path)) : Optional.empty();
  }
}

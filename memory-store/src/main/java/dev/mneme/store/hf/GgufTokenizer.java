package dev.mneme.store.hf;

import dev.mneme.MnemeException;
import dev.mneme.store.gguf.GgufVocabulary;
import dev.mneme.store.gguf.GgufWriter;
import dev.mneme.store.hf.TokenizerJson.Merge;
import dev.mneme.store.hf.TokenizerJson.Token;
import dev.mneme.store.hf.TokenizerJson.TokenType;
import dev.mneme.store.json.JsonValue;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Writes a {@link TokenizerJson} as the {@code tokenizer.ggml.*} keys from which llama.cpp
 * tokenizes. A pipeline that llama.cpp would not reproduce is refused by name, for a host that cuts
 * its text otherwise than it was trained on is silently worse.
 *
 * <p>Three differences are accepted: llama.cpp does not compose characters first, where Qwen's and
 * Pythia's tokenizers ask for NFC; it does not join the sign U+2581 of a text to blanks beside it,
 * where Gemma's tokenizer takes one for the other; and where a word ends at a capital letter
 * (Tekken, GPT-4o) it knows the capital letters of ASCII only, and no combining marks.
 */
final class GgufTokenizer {
  private static final String KEYS = "tokenizer.ggml.";

  private final TokenizerJson tokenizer;

  GgufTokenizer(TokenizerJson tokenizer) {
    this.tokenizer = tokenizer;
  }

  void put(GgufWriter writer) {
    switch (tokenizer.style()) {
      case SENTENCE_PIECE -> putSentencePiece(writer);
      case BYTE_LEVEL -> putByteLevel(writer);
    }
    List<Token> tokens = tokenizer.tokens();
    writer.putStrings(KEYS + "tokens", tokens.stream().map(Token::text).toList());
    writer.putInts(KEYS + "token_type", tokens.stream().mapToInt(t -> t.type().number()).toArray());
    tokenizer.bos().ifPresent(id -> writer.putUint32(KEYS + "bos_token_id", id));
    List<String> endKeys = List.of("eos_token_id", "eot_token_id", "eom_token_id");
    int ends = 0;
    for (int id : tokenizer.ends()) {
      if (ends < endKeys.size()) {
        writer.putUint32(KEYS + endKeys.get(ends++), id);
      }
    }
    tokenizer.unknown().ifPresent(id -> writer.putUint32(KEYS + "unknown_token_id", id));
    writer.putBool(KEYS + "add_bos_token", tokenizer.beginsWithBos());
    writer.putBool(KEYS + "add_eos_token", false);
    writer.putBool(KEYS + "add_space_prefix", tokenizer.addsLeadingSpace());
    tokenizer.chatTemplate().ifPresent(template -> writer.put("tokenizer.chat_template", template));
  }

  private void putSentencePiece(GgufWriter writer) {
    boolean replaced = false;
    for (JsonValue normalizer : tokenizer.components("normalizer", "normalizers")) {
      String type = type(normalizer);
      replaced |= type.equals("Replace") && replacesBlanks(normalizer);
      boolean prepends = type.equals("Prepend") && text(normalizer, "prepend").equals("\u2581");
      if (!prepends && (!type.equals("Replace") || !replacesBlanks(normalizer))) {
        throw unsupported("normalizer", normalizer);
      }
    }
    for (JsonValue step : tokenizer.components("pre_tokenizer", "pretokenizers")) {
      boolean splits = step.find("split").map(JsonValue::bool).orElse(true);
      boolean wholeText = type(step).equals("Metaspace") && !splits;
      if (!wholeText && !(replaced && splitsAtBlanks(step))) {
        throw unsupported("pre_tokenizer", step);
      }
    }
    requireAllBytes();
    if (keepsLeadingBlank(tokenizer.components("pre_tokenizer", "pretokenizers"))) {
      writer.putBool(GgufVocabulary.KEEPS_LEADING_BLANK, true);
    }
    writer.put(KEYS + "model", "llama");
    writer.put(KEYS + "pre", "default");
    writer.putFloats(KEYS + "scores", scores());
  }

  /**
   * llama.cpp joins the pair whose joined entry scores highest, so minus the rank of the first
   * merge that makes an entry gives the merges their order.
   *
   * <p>That is the same only where every pair that spells an entry is a merge, and an entry's
   * merges follow each other, as in all vocabularies that come from SentencePiece; others are
   * refused. Merges that make an added token do not count: it is found before anything is joined.
   */
  private float[] scores() {
    List<Merge> merges = tokenizer.merges();
    var ranks = new HashMap<String, Integer>();
    for (int rank = 0; rank < merges.size(); rank++) {
      String joined = merges.get(rank).joined();
      if (isAdded(joined)) {
        continue;
      }
      if (isAdded(merges.get(rank).left()) || isAdded(merges.get(rank).right())) {
        throw inexpressible("a merge makes \"%s\" of an added token".formatted(joined));
      }
      boolean follows = rank > 0 && merges.get(rank - 1).joined().equals(joined);
      if (ranks.putIfAbsent(joined, rank) != null && !follows) {
        throw inexpressible("merges of \"%s\" stand apart from each other".formatted(joined));
      }
    }
    var known = new HashSet<>(merges);
    for (Token token : tokenizer.tokens()) {
      if (token.type() == TokenType.NORMAL) {
        requireAllSplits(token.text(), known);
      }
    }
    var scores = new float[tokenizer.tokens().size()];
    for (int id = 0; id < scores.length; id++) {
      scores[id] = 0f - ranks.getOrDefault(tokenizer.tokens().get(id).text(), 0);
    }
    return scores;
  }

  private void requireAllSplits(String entry, Set<Merge> merges) {
    for (int at = 1; at < entry.length(); at++) {
      var split = new Merge(entry.substring(0, at), entry.substring(at));
      if (isPiece(split.left()) && isPiece(split.right()) && !merges.contains(split)) {
        throw inexpressible(
            "\"%s\" and \"%s\" spell \"%s\", but are no merge"
                .formatted(split.left(), split.right(), entry));
      }
    }
  }

  private boolean isPiece(String text) {
    return isOf(TokenType.NORMAL, text);
  }

  private boolean isAdded(String text) {
    return isOf(TokenType.USER_DEFINED, text);
  }

  private boolean isOf(TokenType type, String text) {
    OptionalInt id = tokenizer.id(text);
    return id.isPresent() && tokenizer.tokens().get(id.getAsInt()).type() == type;
  }

  private MnemeException inexpressible(String reason) {
    return new MnemeException(
        "%s: the merges are not those of a SentencePiece model, so GGUF cannot express their order: %s"
            .formatted(tokenizer.json().origin(), reason));
  }

  private void requireAllBytes() {
    for (int b = 0; b < 256; b++) {
      String name = String.format(Locale.ROOT, "<0x%02X>", b);
      if (tokenizer.id(name).isEmpty()) {
        throw tokenizer.malformed("the vocabulary lacks the byte " + name);
      }
    }
  }

  private void putByteLevel(GgufWriter writer) {
    for (JsonValue normalizer : tokenizer.components("normalizer", "normalizers")) {
      if (!type(normalizer).equals("NFC")) {
        throw unsupported("normalizer", normalizer);
      }
    }
    String pre = preTokenizer();
    writer.put(KEYS + "model", "gpt2");
    writer.put(KEYS + "pre", pre);
    writer.putStrings(
        KEYS + "merges", tokenizer.merges().stream().map(m -> m.left() + " " + m.right()).toList());
  }

  private String preTokenizer() {
    List<JsonValue> steps = tokenizer.components("pre_tokenizer", "pretokenizers");
    boolean wholeEntriesFirst =
        tokenizer.json().get("model").find("ignore_merges").map(JsonValue::bool).orElse(false);
    boolean joinsDigits = joinsDigits();
    Optional<GgufPreTokenizer> known = GgufPreTokenizer.of(steps, wholeEntriesFirst, joinsDigits);
    if (known.isPresent()) {
      return known.get().pre();
    }
    if (GgufPreTokenizer.of(steps, !wholeEntriesFirst, joinsDigits).isPresent()) {
      throw new MnemeException(
          "%s: the bundled llama.cpp has no name for this pre_tokenizer with model.ignore_merges = %s, only with %s; run the folder on PyTorch"
              .formatted(tokenizer.json().origin(), wholeEntriesFirst, !wholeEntriesFirst));
    }
    JsonValue step = steps.get(GgufPreTokenizer.firstUnknown(steps));
    if (type(step).equals("ByteLevel")
        && step.find("add_prefix_space").map(JsonValue::bool).orElse(true)) {
      throw new MnemeException(
          "%s: llama.cpp puts no blank before a text of a byte-level tokenizer, but add_prefix_space is true; run the folder on PyTorch"
              .formatted(tokenizer.json().origin()));
    }
    Optional<JsonValue> pattern =
        type(step).equals("Split") ? step.get("pattern").find("Regex") : Optional.empty();
    throw unsupported("pre_tokenizer", pattern.orElse(step));
  }

  private boolean joinsDigits() {
    return tokenizer.merges().stream()
        .map(Merge::joined)
        .anyMatch(entry -> entry.chars().filter(c -> c >= '0' && c <= '9').count() > 1);
  }

  /** Gemma asks for it, of a text that has no blanks any more. */
  private static boolean splitsAtBlanks(JsonValue step) {
    return type(step).equals("Split")
        && step.get("pattern").find("String").map(p -> p.string().equals(" ")).orElse(false);
  }

  private static boolean replacesBlanks(JsonValue normalizer) {
    return normalizer.get("pattern").find("String").map(p -> p.string().equals(" ")).orElse(false)
        && text(normalizer, "content").equals("\u2581");
  }

  private static String type(JsonValue component) {
    return component.get("type").string();
  }

  private static String text(JsonValue component, String key) {
    return component.get(key).string();
  }

  /** Metaspace puts a blank before a text unless one is there; llama.cpp always puts one. */
  private static boolean keepsLeadingBlank(List<JsonValue> steps) {
    return steps.stream()
        .anyMatch(
            step ->
                type(step).equals("Metaspace")
                    && step.find("prepend_scheme")
                        .map(scheme -> !scheme.string().equals("never"))
                        .orElse(true));
  }

  private MnemeException unsupported(String part, JsonValue component) {
    String shown = component.isString() ? component.string() : type(component);
    return new MnemeException(
        "%s: the %s \"%s\" cannot be written as GGUF: Mneme knows no value of tokenizer.ggml.pre by which the bundled llama.cpp would do the same; it knows SentencePiece's blanks and %s. Run the folder on PyTorch"
            .formatted(
                tokenizer.json().origin(),
                part,
                shown,
                String.join(
                    ", ",
                    Arrays.stream(GgufPreTokenizer.values()).map(GgufPreTokenizer::pre).toList())));
  }
}

package dev.mneme.store.hf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.collect.ImmutableMap;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.Vocabulary;
import dev.mneme.Vocabulary.Kind;
import dev.mneme.store.gguf.ByteLevelAlphabet;
import dev.mneme.store.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A BPE tokenizer from {@code tokenizer.json}: what its ids mean, and the same for a GGUF file.
 * Both styles in use are known: SentencePiece's with byte fallback (Llama 2, Mistral) and
 * byte-level (GPT-2, Qwen2, Llama 3). It does not tokenize; the engine does.
 */
public final class TokenizerJson {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** llama.cpp's names of the splitting patterns, by a part that only that pattern has. */
  private static final Map<String, String> PATTERNS =
      ImmutableMap.of(
          "|\\p{N}{1,3}|", "llama-bpe",
          "|\\p{N}|", "qwen2");

  private enum Use {
    NORMAL(1, Kind.TEXT),
    UNKNOWN(2, Kind.CONTROL),
    CONTROL(3, Kind.CONTROL),
    USER_DEFINED(4, Kind.TEXT),
    UNUSED(5, Kind.UNUSED),
    BYTE(6, Kind.TEXT);

    final int gguf;
    final Kind kind;

    Use(int gguf, Kind kind) {
      this.gguf = gguf;
      this.kind = kind;
    }
  }

  private record Token(String text, Use use) {}

  private final Path file;
  private final JsonNode json;
  private final boolean byteLevel;
  private final List<Token> tokens;
  private final List<String> merges;
  private final OptionalInt bos;
  private final OptionalInt eos;

  private TokenizerJson(Path file, JsonNode json, HuggingFaceConfig config) {
    this.file = file;
    this.json = json;
    if (!json.path("model").path("type").asText("").equals("BPE")) {
      throw malformed(
          "model.type is %s; only BPE is supported".formatted(json.path("model").path("type")));
    }
    byteLevel = json.path("pre_tokenizer").toString().contains("\"ByteLevel\"");
    if (!byteLevel && !json.path("model").path("byte_fallback").asBoolean(false)) {
      throw malformed(
          "this BPE is neither byte-level nor has byte_fallback, so it cannot spell every text");
    }
    tokens = readTokens(config.vocabulary());
    merges = readMerges();
    bos = within(config.bos());
    eos = within(config.eos());
  }

  /** Reads the tokenizer of a model directory, padded to the width its configuration gives. */
  public static TokenizerJson read(Path directory, HuggingFaceConfig config) {
    Path file = directory.resolve("tokenizer.json");
    if (!Files.isRegularFile(file)) {
      throw new MnemeException(
          directory
              + " has no tokenizer.json; save the fast tokenizer there (in Python:"
              + " AutoTokenizer.from_pretrained(...).save_pretrained(dir))");
    }
    try {
      return new TokenizerJson(file, MAPPER.readTree(file.toFile()), config);
    } catch (IOException e) {
      throw new MalformedFileException(file + " is not valid JSON: " + e.getMessage(), e);
    }
  }

  private List<Token> readTokens(int width) {
    @Nullable Token[] byId = new @Nullable Token[width];
    String unknown = json.path("model").path("unk_token").asText("");
    for (Map.Entry<String, JsonNode> entry : json.path("model").path("vocab").properties()) {
      int id = checkedId(entry.getValue(), entry.getKey(), width);
      if (byId[id] != null) {
        throw malformed("id %d is given to both %s and %s".formatted(id, byId[id], entry.getKey()));
      }
      byId[id] = new Token(entry.getKey(), useOf(entry.getKey(), unknown));
    }
    for (JsonNode added : json.path("added_tokens")) {
      String text = added.path("content").asText();
      int id = checkedId(added.path("id"), text, width);
      Use use =
          text.equals(unknown) && !byteLevel
              ? Use.UNKNOWN
              : added.path("special").asBoolean(false) ? Use.CONTROL : Use.USER_DEFINED;
      byId[id] = new Token(text, use);
    }
    var list = new ArrayList<Token>(width);
    for (int id = 0; id < width; id++) {
      Token token = byId[id];
      list.add(token == null ? new Token("[PAD" + id + "]", Use.UNUSED) : token);
    }
    return list;
  }

  private int checkedId(JsonNode id, String text, int width) {
    if (!id.isInt() || id.intValue() < 0 || id.intValue() >= width) {
      throw malformed("the token %s has id %s, outside the model's %d".formatted(text, id, width));
    }
    return id.intValue();
  }

  private Use useOf(String text, String unknown) {
    if (byteLevel) {
      return Use.NORMAL;
    }
    return text.equals(unknown)
        ? Use.UNKNOWN
        : text.matches("<0x[0-9A-F]{2}>") ? Use.BYTE : Use.NORMAL;
  }

  private List<String> readMerges() {
    var list = new ArrayList<String>();
    for (JsonNode merge : json.path("model").path("merges")) {
      String text =
          merge.isArray() ? merge.path(0).asText() + " " + merge.path(1).asText() : merge.asText();
      if (text.indexOf(' ') < 1 || text.indexOf(' ') == text.length() - 1) {
        throw malformed("the merge %s does not join two parts".formatted(merge));
      }
      list.add(text);
    }
    return list;
  }

  private OptionalInt within(OptionalInt id) {
    if (id.isPresent() && id.getAsInt() >= tokens.size()) {
      throw malformed(
          "config.json names the special id %d, but there are %d ids"
              .formatted(id.getAsInt(), tokens.size()));
    }
    return id;
  }

  /** What the ids mean. */
  public Vocabulary vocabulary() {
    Vocabulary.Builder builder = Vocabulary.builder();
    for (Token token : tokens) {
      switch (token.use()) {
        case BYTE ->
            builder.add(
                new byte[] {(byte) Integer.parseInt(token.text().substring(3, 5), 16)}, Kind.TEXT);
        case NORMAL -> {
          if (byteLevel) {
            builder.add(ByteLevelAlphabet.toBytes(token.text()), Kind.TEXT);
          } else {
            builder.add(token.text().replace('\u2581', ' '), Kind.TEXT);
          }
        }
        default -> builder.add(token.text(), token.use().kind);
      }
    }
    bos.ifPresent(builder::bos);
    eos.ifPresent(builder::end);
    return builder.build();
  }

  /** Writes the {@code tokenizer.ggml} keys from which llama.cpp tokenizes the same way. */
  void describeTo(GgufWriter gguf) {
    gguf.put("tokenizer.ggml.model", byteLevel ? "gpt2" : "llama");
    if (byteLevel) {
      gguf.put("tokenizer.ggml.pre", splittingPattern());
    }
    gguf.putStrings("tokenizer.ggml.tokens", tokens.stream().map(Token::text).toList());
    gguf.putInts(
        "tokenizer.ggml.token_type", tokens.stream().mapToInt(token -> token.use().gguf).toArray());
    if (byteLevel) {
      gguf.putStrings("tokenizer.ggml.merges", merges);
    } else {
      gguf.putFloats("tokenizer.ggml.scores", scores());
      for (int id = 0; id < tokens.size(); id++) {
        if (tokens.get(id).use() == Use.UNKNOWN) {
          gguf.putUint32("tokenizer.ggml.unknown_token_id", id);
        }
      }
      gguf.putBool("tokenizer.ggml.add_space_prefix", addsSpace());
    }
    bos.ifPresent(id -> gguf.putUint32("tokenizer.ggml.bos_token_id", id));
    eos.ifPresent(id -> gguf.putUint32("tokenizer.ggml.eos_token_id", id));
    gguf.putBool("tokenizer.ggml.add_bos_token", bos.isPresent() && addsBos());
  }

  /** Whether the template that finishes an encoding begins with a special token. */
  private boolean addsBos() {
    String finishing = json.path("post_processor").toString();
    int special = finishing.indexOf("\"SpecialToken\"");
    int sequence = finishing.indexOf("\"Sequence\":{\"id\"");
    return special >= 0 && special < sequence;
  }

  private boolean addsSpace() {
    String normalizer = json.path("normalizer").toString();
    JsonNode pre = json.path("pre_tokenizer");
    boolean metaspace = pre.path("type").asText("").equals("Metaspace");
    return normalizer.contains("\"Prepend\"")
        || (metaspace && !pre.path("prepend_scheme").asText("always").equals("never"));
  }

  /**
   * SentencePiece joins the pair whose result scores highest, so a piece scores minus the rank of
   * the first merge that makes it.
   */
  private float[] scores() {
    Map<String, Integer> rank = new HashMap<>();
    for (int i = 0; i < merges.size(); i++) {
      rank.putIfAbsent(merges.get(i).replace(" ", ""), i);
    }
    float[] scores = new float[tokens.size()];
    for (int id = 0; id < scores.length; id++) {
      Token token = tokens.get(id);
      int last = token.use() == Use.NORMAL ? merges.size() : 0;
      scores[id] = -(float) rank.getOrDefault(token.text(), last);
    }
    return scores;
  }

  private String splittingPattern() {
    String pre = json.path("pre_tokenizer").toString();
    Optional<String> known =
        PATTERNS.entrySet().stream()
            .filter(entry -> pre.contains(entry.getKey().replace("\\", "\\\\")))
            .map(Map.Entry::getValue)
            .findFirst();
    if (known.isPresent()) {
      return known.get();
    }
    if (pre.contains("\"Split\"")) {
      throw malformed(
          "its pre_tokenizer splits by a pattern that is not known; known are those of GPT-2, Qwen2"
              + " and Llama 3: "
              + pre);
    }
    return "gpt-2";
  }

  private MalformedFileException malformed(String problem) {
    return new MalformedFileException(file + ": " + problem);
  }
}

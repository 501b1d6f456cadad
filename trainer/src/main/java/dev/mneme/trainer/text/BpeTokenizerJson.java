package dev.mneme.trainer.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MalformedFileException;
import dev.mneme.store.gguf.ByteLevelAlphabet;
import dev.mneme.store.json.JsonValue;
import dev.mneme.trainer.text.BpeTokenizer.Merge;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A {@link BpeTokenizer} as {@code tokenizer.json} of the Hugging Face tokenizers library. */
final class BpeTokenizerJson {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private BpeTokenizerJson() {}

  /** Equal tokenizers give equal bytes. */
  static byte[] bytes(BpeTokenizer tokenizer) {
    ObjectNode json = MAPPER.createObjectNode().put("version", "1.0");
    json.putNull("truncation").putNull("padding");
    json.putArray("added_tokens")
        .addObject()
        .put("id", tokenizer.beginId())
        .put("content", BpeTokenizer.BEGIN)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", true);
    json.putNull("normalizer");
    byteLevel(json.putObject("pre_tokenizer"));
    putTemplate(json.putObject("post_processor"), tokenizer.beginId());
    byteLevel(json.putObject("decoder"));
    ObjectNode model = json.putObject("model").put("type", "BPE");
    model.putNull("dropout").putNull("unk_token");
    model.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
    model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
    ObjectNode vocabulary = model.putObject("vocab");
    for (int id = 0; id < tokenizer.size(); id++) {
      vocabulary.put(tokenizer.entries().get(id), id);
    }
    ArrayNode merges = model.putArray("merges");
    for (Merge merge : tokenizer.merges()) {
      // The older spelling, which every version of the library reads; entries hold no blank.
      merges.add(
          tokenizer.entries().get(merge.left()) + " " + tokenizer.entries().get(merge.right()));
    }
    return write(json);
  }

  /** {@code tokenizer_config.json}: the roles of the special token. */
  static byte[] settings() {
    return write(
        MAPPER
            .createObjectNode()
            .put("tokenizer_class", "PreTrainedTokenizerFast")
            .put("bos_token", BpeTokenizer.BEGIN)
            .put("eos_token", BpeTokenizer.BEGIN)
            .put("clean_up_tokenization_spaces", false));
  }

  private static void byteLevel(ObjectNode component) {
    component
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", true);
  }

  /** Puts the begin-of-text id before a text. */
  private static void putTemplate(ObjectNode processor, int beginId) {
    processor.put("type", "TemplateProcessing");
    ArrayNode single = processor.putArray("single");
    piece(single, "SpecialToken", BpeTokenizer.BEGIN, 0);
    piece(single, "Sequence", "A", 0);
    ArrayNode pair = processor.putArray("pair");
    piece(pair, "SpecialToken", BpeTokenizer.BEGIN, 0);
    piece(pair, "Sequence", "A", 0);
    piece(pair, "SpecialToken", BpeTokenizer.BEGIN, 1);
    piece(pair, "Sequence", "B", 1);
    ObjectNode special =
        processor
            .putObject("special_tokens")
            .putObject(BpeTokenizer.BEGIN)
            .put("id", BpeTokenizer.BEGIN);
    special.putArray("ids").add(beginId);
    special.putArray("tokens").add(BpeTokenizer.BEGIN);
  }

  private static void piece(ArrayNode template, String kind, String id, int typeId) {
    template.addObject().putObject(kind).put("id", id).put("type_id", typeId);
  }

  private static byte[] write(ObjectNode json) {
    try {
      String text = MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json);
      return (text + "\n").getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a tree of plain values did not serialise", e);
    }
  }

  static BpeTokenizer read(JsonValue json, byte[] file) {
    JsonValue model = json.get("model");
    requirePlainBpe(json, model);
    List<String> entries = entries(json, model);
    var ids = new HashMap<String, Integer>();
    for (int id = 0; id < entries.size(); id++) {
      ids.put(entries.get(id), id);
    }
    for (int b = 0; b < 256; b++) {
      if (!ids.containsKey(ByteLevelAlphabet.toSymbols(new byte[] {(byte) b}))) {
        throw new MalformedFileException(
            "%s: the vocabulary lacks the byte 0x%02X, so it cannot spell every text"
                .formatted(json.origin(), b));
      }
    }
    Integer beginId = ids.get(BpeTokenizer.BEGIN);
    if (beginId == null) {
      throw new MalformedFileException(
          "%s: expected a token \"%s\" to begin documents with, found none"
              .formatted(json.origin(), BpeTokenizer.BEGIN));
    }
    return new BpeTokenizer(entries, merges(model, ids), beginId, file);
  }

  private static void requirePlainBpe(JsonValue json, JsonValue model) {
    model.find("type").ifPresent(type -> require(type, type.string().equals("BPE"), "BPE"));
    for (String flag : List.of("ignore_merges", "byte_fallback")) {
      model.find(flag).ifPresent(value -> require(value, !value.bool(), "false"));
    }
    for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
      model
          .find(affix)
          .ifPresent(value -> require(value, value.string().isEmpty(), "absent or empty"));
    }
    json.find("normalizer").ifPresent(n -> require(n, false, "null: text is not normalised"));
    JsonValue cutter = json.get("pre_tokenizer");
    JsonValue type = cutter.get("type");
    require(type, type.string().equals("ByteLevel"), "ByteLevel with GPT-2's own pattern");
    JsonValue prefix = cutter.get("add_prefix_space");
    require(prefix, !prefix.bool(), "false");
    cutter.find("use_regex").ifPresent(own -> require(own, own.bool(), "true"));
  }

  private static void require(JsonValue value, boolean condition, String expectation) {
    if (!condition) {
      throw value.unlike(expectation);
    }
  }

  /** Entries by id, without gaps. */
  private static List<String> entries(JsonValue json, JsonValue model) {
    Map<String, JsonValue> vocabulary = model.get("vocab").members();
    List<JsonValue> added = json.find("added_tokens").map(JsonValue::elements).orElseGet(List::of);
    int most = vocabulary.size() + added.size();
    var found = new @Nullable String[most];
    vocabulary.forEach((text, id) -> place(found, text, id));
    for (JsonValue token : added) {
      JsonValue content = token.get("content");
      require(content, content.string().equals(BpeTokenizer.BEGIN), BpeTokenizer.BEGIN);
      place(found, content.string(), token.get("id"));
    }
    int size = most;
    while (size > 0 && found[size - 1] == null) {
      size--;
    }
    var entries = new ArrayList<String>(size);
    for (int id = 0; id < size; id++) {
      String entry = found[id];
      if (entry == null) {
        throw new MalformedFileException("%s: no entry has the id %d".formatted(json.origin(), id));
      }
      entries.add(entry);
    }
    return entries;
  }

  private static void place(@Nullable String[] found, String text, JsonValue id) {
    int at = (int) id.integer(0, found.length - 1L);
    String other = found[at];
    require(id, other == null || other.equals(text), "an id of its own");
    found[at] = text;
  }

  /** Merges written as {@code "a b"} or as {@code ["a", "b"]}. */
  private static List<Merge> merges(JsonValue model, Map<String, Integer> ids) {
    var merges = new ArrayList<Merge>();
    for (JsonValue value : model.get("merges").elements()) {
      List<String> parts =
          value.isArray()
              ? value.elements().stream().map(JsonValue::string).toList()
              : Arrays.asList(value.string().split(" ", -1));
      require(value, parts.size() == 2, "two entries");
      Integer left = ids.get(parts.getFirst());
      Integer right = ids.get(parts.getLast());
      Integer joined = ids.get(parts.getFirst() + parts.getLast());
      if (left == null || right == null || joined == null) {
        throw value.unlike("two entries that join to a third");
      }
      merges.add(new Merge(left, right, joined));
    }
    return merges;
  }
}

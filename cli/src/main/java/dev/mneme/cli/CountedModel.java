package dev.mneme.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import dev.mneme.MnemeException;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A bigram model, counted on a paragraph and written as a Llama in the Hugging Face layout: the
 * embedding is the identity, attention and feed-forward add nothing, and the head holds the
 * logarithms of the counted probabilities. So a checkout without any trained weights can run the
 * whole way on a model that really knows something, if little.
 */
final class CountedModel {

  private static final int FIRST_PIECE = 259; // after three marks and 256 byte tokens
  private static final Splitter WORDS = Splitter.on(CharMatcher.whitespace()).omitEmptyStrings();
  private static final int HEAD_DIM = 64;
  private static final double UNSEEN = 1e-4;

  /** Pieces by id, in order; shared by all models that are to speak together. */
  private final Map<String, Integer> vocabulary = new LinkedHashMap<>();

  private final List<String> merges = new ArrayList<>();
  private final int hidden;

  /** The vocabulary of some texts: every word and everything a word begins with. */
  CountedModel(String... texts) {
    vocabulary.put("<unk>", 0);
    vocabulary.put("<s>", 1);
    vocabulary.put("</s>", 2);
    for (int b = 0; b < 256; b++) {
      vocabulary.put("<0x%02X>".formatted(b), vocabulary.size());
    }
    put("\u2581");
    for (char c = 'a'; c <= 'z'; c++) {
      put(String.valueOf(c));
    }
    put(".");
    put(",");
    for (int length = 1; length <= 20; length++) {
      for (String text : texts) {
        for (String word : words(text)) {
          addPrefix(word, length);
        }
      }
    }
    hidden = Math.ceilDiv(vocabulary.size(), HEAD_DIM) * HEAD_DIM;
  }

  private static List<String> words(String text) {
    return WORDS.splitToList(text);
  }

  private void put(String piece) {
    vocabulary.putIfAbsent(piece, vocabulary.size());
  }

  private void addPrefix(String word, int length) {
    if (word.length() >= length && !vocabulary.containsKey("\u2581" + word.substring(0, length))) {
      put("\u2581" + word.substring(0, length));
      merges.add("\u2581" + word.substring(0, length - 1) + " " + word.charAt(length - 1));
    }
  }

  /** Writes the model counted on a text. */
  void write(Path directory, String text) {
    try {
      var mapper = new ObjectMapper();
      mapper.writeValue(directory.resolve("tokenizer.json").toFile(), tokenizer(mapper));
      mapper.writeValue(directory.resolve("config.json").toFile(), config(mapper));
    } catch (IOException e) {
      throw new MnemeException("cannot write " + directory + ": " + e.getMessage(), e);
    }
    int size = vocabulary.size();
    float[] embedding = new float[size * hidden];
    for (int id = 0; id < size; id++) {
      embedding[id * hidden + id] = 1;
    }
    var tensors = new ArrayList<Entry>();
    add(tensors, "model.embed_tokens.weight", embedding, size, hidden);
    addConstant(tensors, "model.norm.weight", 1, hidden);
    add(tensors, "lm_head.weight", head(text), size, hidden);
    String layer = "model.layers.0.";
    addConstant(tensors, layer + "input_layernorm.weight", 1, hidden);
    addConstant(tensors, layer + "post_attention_layernorm.weight", 1, hidden);
    addConstant(tensors, layer + "self_attn.q_proj.weight", 0, hidden, hidden);
    addConstant(tensors, layer + "self_attn.k_proj.weight", 0, HEAD_DIM, hidden);
    addConstant(tensors, layer + "self_attn.v_proj.weight", 0, HEAD_DIM, hidden);
    addConstant(tensors, layer + "self_attn.o_proj.weight", 0, hidden, hidden);
    addConstant(tensors, layer + "mlp.gate_proj.weight", 0, HEAD_DIM, hidden);
    addConstant(tensors, layer + "mlp.up_proj.weight", 0, HEAD_DIM, hidden);
    addConstant(tensors, layer + "mlp.down_proj.weight", 0, hidden, HEAD_DIM);
    SafeTensorsWriter.write(directory.resolve("model.safetensors"), Map.of(), tensors);
  }

  /**
   * Rows of {@code ln P(next | previous)}. RMSNorm turns the one-hot state into one of size
   * √hidden, which the rows are divided by.
   */
  private float[] head(String text) {
    int size = vocabulary.size();
    double[][] counts = new double[size][size];
    int before = 1;
    for (String word : words(text)) {
      int id = vocabulary.getOrDefault("\u2581" + word, 0);
      counts[before][id]++;
      before = id;
    }
    float[] head = new float[size * hidden];
    for (int from = 0; from < size; from++) {
      double total = UNSEEN * size;
      for (double count : counts[from]) {
        total += count;
      }
      for (int to = 0; to < size; to++) {
        double p = (counts[from][to] + UNSEEN) / total;
        head[to * hidden + from] = (float) (Math.log(p) / Math.sqrt(hidden));
      }
    }
    return head;
  }

  private static void addConstant(List<Entry> tensors, String name, float value, int... shape) {
    int count = 1;
    for (int dim : shape) {
      count *= dim;
    }
    float[] values = new float[count];
    java.util.Arrays.fill(values, value);
    add(tensors, name, values, shape);
  }

  private static void add(List<Entry> tensors, String name, float[] values, int... shape) {
    tensors.add(
        Entry.of(name, java.util.Arrays.stream(shape).mapToObj(Long::valueOf).toList(), values));
  }

  private ObjectNode tokenizer(ObjectMapper mapper) {
    ObjectNode tokenizer = mapper.createObjectNode();
    ArrayNode added = tokenizer.putArray("added_tokens");
    for (String mark : List.of("<unk>", "<s>", "</s>")) {
      added
          .addObject()
          .put("id", vocabulary.getOrDefault(mark, 0))
          .put("content", mark)
          .put("special", true);
    }
    tokenizer.putObject("normalizer").put("type", "Prepend").put("prepend", "\u2581");
    ArrayNode single =
        tokenizer.putObject("post_processor").put("type", "TemplateProcessing").putArray("single");
    single.addObject().putObject("SpecialToken").put("id", "<s>");
    single.addObject().putObject("Sequence").put("id", "A");
    ObjectNode model =
        tokenizer
            .putObject("model")
            .put("type", "BPE")
            .put("unk_token", "<unk>")
            .put("byte_fallback", true);
    vocabulary.forEach(model.putObject("vocab")::put);
    merges.forEach(model.putArray("merges")::add);
    return tokenizer;
  }

  private ObjectNode config(ObjectMapper mapper) {
    return mapper
        .createObjectNode()
        .put("model_type", "llama")
        .put("vocab_size", vocabulary.size())
        .put("hidden_size", hidden)
        .put("num_hidden_layers", 1)
        .put("num_attention_heads", hidden / HEAD_DIM)
        .put("num_key_value_heads", 1)
        .put("head_dim", HEAD_DIM)
        .put("intermediate_size", HEAD_DIM)
        .put("max_position_embeddings", 512)
        .put("rms_norm_eps", 1e-6)
        .put("tie_word_embeddings", false)
        .put("bos_token_id", 1)
        .put("eos_token_id", 2);
  }

  /** How many of the vocabulary are pieces of words. */
  int pieces() {
    return vocabulary.size() - FIRST_PIECE;
  }
}

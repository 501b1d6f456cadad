package dev.mneme.store.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.store.gguf.ByteLevelAlphabet;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Writes a Hugging Face directory of a decoder with random weights and a small real tokenizer that
 * spells every text. Equal seeds give equal files.
 */
public final class TinyModel {

  public static final int HIDDEN = 32;
  public static final int LAYERS = 2;
  public static final int HEADS = 4;
  public static final int KV_HEADS = 2;
  public static final int FFN = 64;
  public static final int CONTEXT = 96;

  /** Width of a head where it is not {@code HIDDEN / HEADS}: Qwen3's and Gemma 3's. */
  public static final int OWN_HEAD = 12;

  /** Gemma 3's sliding window. */
  public static final int WINDOW = 4;

  /** A family to write. */
  public enum Family {
    LLAMA("llama"),
    MISTRAL("mistral"),
    QWEN2("qwen2"),
    QWEN3("qwen3"),
    /** Every sixth block has no window; there are blocks before it and after it. */
    GEMMA3("gemma3_text"),
    GPT2("gpt2"),
    /** Half of each head is rotated; the head is a matrix of its own. */
    GPT_NEOX("gpt_neox");

    private final String modelType;

    Family(String modelType) {
      this.modelType = modelType;
    }

    /** Blocks. */
    public int layers() {
      return this == GEMMA3 ? 7 : LAYERS;
    }

    private int headDim() {
      return this == QWEN3 || this == GEMMA3 ? OWN_HEAD : HIDDEN / HEADS;
    }

    private boolean byteLevel() {
      return this == QWEN2 || this == QWEN3 || this == GPT2 || this == GPT_NEOX;
    }

    private boolean tied() {
      return this != LLAMA && this != GPT_NEOX;
    }
  }

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Family family;
  private final Random random;
  private final boolean tied;
  private final List<Entry> tensors = new ArrayList<>();

  private TinyModel(Family family, long seed, boolean tied) {
    this.family = family;
    this.random = new Random(seed);
    this.tied = tied;
  }

  /** Writes the directory, which must exist. */
  public static Path write(Path directory, Family family, long seed) {
    try {
      new TinyModel(family, seed, family.tied()).writeTo(directory);
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void writeTo(Path directory) throws IOException {
    ObjectNode tokenizer =
        family.byteLevel() ? byteLevel() : family == Family.GEMMA3 ? gemma() : sentencePiece();
    int vocabulary =
        tokenizer.path("model").path("vocab").size() + tokenizer.path("added_tokens").size();
    if (!family.byteLevel()) {
      vocabulary -= tokenizer.path("added_tokens").size(); // they are in the vocabulary too
    }
    vocabulary += 3; // padding, as published models have
    MAPPER.writeValue(directory.resolve("tokenizer.json").toFile(), tokenizer);
    MAPPER.writeValue(directory.resolve("config.json").toFile(), config(vocabulary));
    switch (family) {
      case GPT2 -> addGpt2(vocabulary);
      case GPT_NEOX -> addGptNeox(vocabulary);
      case LLAMA, MISTRAL, QWEN2, QWEN3, GEMMA3 -> addLlama(vocabulary);
    }
    SafeTensorsWriter.write(
        directory.resolve("model.safetensors"), Map.of("format", "pt"), tensors);
  }

  private ObjectNode config(int vocabulary) {
    ObjectNode c =
        MAPPER
            .createObjectNode()
            .put("model_type", family.modelType)
            .put("vocab_size", vocabulary)
            .put("tie_word_embeddings", tied);
    if (family == Family.GPT2) {
      return c.put("n_embd", HIDDEN)
          .put("n_layer", LAYERS)
          .put("n_head", HEADS)
          .put("n_positions", CONTEXT)
          .put("layer_norm_epsilon", 1e-5)
          .put("bos_token_id", 256)
          .put("eos_token_id", 256);
    }
    c.put("hidden_size", HIDDEN)
        .put("num_hidden_layers", family.layers())
        .put("num_attention_heads", HEADS)
        .put("intermediate_size", FFN)
        .put("max_position_embeddings", CONTEXT);
    if (family == Family.GPT_NEOX) {
      return c.put("layer_norm_eps", 1e-5)
          .put("rotary_pct", 0.5)
          .put("rotary_emb_base", 10000)
          .put("use_parallel_residual", true)
          .put("hidden_act", "gelu")
          .put("bos_token_id", 256)
          .put("eos_token_id", 256);
    }
    c.put("num_key_value_heads", KV_HEADS).put("rms_norm_eps", 1e-5);
    if (family == Family.GEMMA3) {
      return gemmaConfig(c);
    }
    c.put("rope_theta", 10000.0).put("hidden_act", "silu");
    if (family == Family.QWEN3) {
      c.put("head_dim", OWN_HEAD)
          .put("attention_bias", false)
          .put("use_sliding_window", false)
          .put("max_window_layers", LAYERS)
          .putNull("sliding_window")
          .putNull("rope_scaling");
    }
    if (family.byteLevel()) {
      return c.put("eos_token_id", 256);
    }
    return c.put("bos_token_id", 1).put("eos_token_id", 2);
  }

  private static ObjectNode gemmaConfig(ObjectNode c) {
    c.put("head_dim", OWN_HEAD)
        .put("query_pre_attn_scalar", OWN_HEAD)
        .put("rope_theta", 1_000_000)
        .put("rope_local_base_freq", 10_000)
        .put("sliding_window", WINDOW)
        .put("sliding_window_pattern", 6)
        .put("hidden_activation", "gelu_pytorch_tanh")
        .put("attention_bias", false)
        .putNull("rope_scaling")
        .putNull("attn_logit_softcapping")
        .putNull("final_logit_softcapping")
        .put("bos_token_id", 2);
    c.putArray("eos_token_id").add(1).add(5);
    return c;
  }

  private static void addToken(ObjectNode tokenizer, int id, String content) {
    addToken(tokenizer, id, content, true);
  }

  private static void addToken(ObjectNode tokenizer, int id, String content, boolean special) {
    tokenizer
        .withArray("added_tokens")
        .addObject()
        .put("id", id)
        .put("content", content)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", special);
  }

  /** Blanks are not put before a text, and runs of them and of line feeds are added tokens. */
  private static ObjectNode gemma() {
    ObjectNode tokenizer = MAPPER.createObjectNode();
    tokenizer.putArray("added_tokens");
    List<String> marks = List.of("<pad>", "<eos>", "<bos>", "<unk>", "<unused0>", "<end_of_turn>");
    List<String> runs = List.of("\n\n\n", "\n\n", "\u2581\u2581\u2581", "\u2581\u2581");
    for (String mark : marks) {
      addToken(tokenizer, marks.indexOf(mark), mark, !mark.equals("<unused0>"));
    }
    for (String run : runs) {
      addToken(tokenizer, marks.size() + runs.indexOf(run), run, false);
    }
    ObjectNode normalizer = tokenizer.putObject("normalizer").put("type", "Replace");
    normalizer.put("content", "\u2581").putObject("pattern").put("String", " ");
    ObjectNode split = tokenizer.putObject("pre_tokenizer").put("type", "Split");
    split.put("behavior", "MergedWithPrevious").put("invert", false);
    split.putObject("pattern").put("String", " ");
    beginWith("<bos>", tokenizer);
    ObjectNode model = byteFallback(tokenizer).put("fuse_unk", true);
    ObjectNode vocab = model.putObject("vocab");
    Stream.concat(marks.stream(), runs.stream()).forEach(e -> vocab.put(e, vocab.size()));
    for (int b = 0; b < 256; b++) {
      vocab.put("<0x%02X>".formatted(b), vocab.size());
    }
    ArrayNode merges = model.putArray("merges");
    for (String[] merge :
        new String[][] {
          {"\n\n", "\n"},
          {"\u2581\u2581", "\u2581"},
          {"\n", "\n\n"},
          {"\u2581", "\u2581\u2581"},
          {"\n", "\n"},
          {"\u2581", "\u2581"},
          {"\u2581", "t"},
          {"h", "e"},
          {"\u2581t", "he"},
          {"i", "n"},
          {"\u2581", "a"}
        }) {
      merges.addArray().add(merge[0]).add(merge[1]);
      vocab.putIfAbsent(merge[0] + merge[1], vocab.numberNode(vocab.size()));
    }
    for (char c : "\n\u2581abcdefghijklmnopqrstuvwxyz.,".toCharArray()) {
      vocab.put(String.valueOf(c), vocab.size());
    }
    return tokenizer;
  }

  private static void beginWith(String mark, ObjectNode tokenizer) {
    ObjectNode post = tokenizer.putObject("post_processor").put("type", "TemplateProcessing");
    ArrayNode single = post.putArray("single");
    single.addObject().putObject("SpecialToken").put("id", mark);
    single.addObject().putObject("Sequence").put("id", "A");
  }

  private static ObjectNode byteFallback(ObjectNode tokenizer) {
    return tokenizer
        .putObject("model")
        .put("type", "BPE")
        .put("unk_token", "<unk>")
        .put("byte_fallback", true);
  }

  private static ObjectNode sentencePiece() {
    ObjectNode tokenizer = MAPPER.createObjectNode();
    tokenizer.putArray("added_tokens");
    addToken(tokenizer, 0, "<unk>");
    addToken(tokenizer, 1, "<s>");
    addToken(tokenizer, 2, "</s>");
    ObjectNode normalizer = tokenizer.putObject("normalizer").put("type", "Sequence");
    ArrayNode steps = normalizer.putArray("normalizers");
    steps.addObject().put("type", "Prepend").put("prepend", "\u2581");
    steps
        .addObject()
        .put("type", "Replace")
        .put("content", "\u2581")
        .putObject("pattern")
        .put("String", " ");
    beginWith("<s>", tokenizer);
    ObjectNode model = byteFallback(tokenizer);
    ObjectNode vocab = model.putObject("vocab");
    vocab.put("<unk>", 0).put("<s>", 1).put("</s>", 2);
    for (int b = 0; b < 256; b++) {
      vocab.put("<0x%02X>".formatted(b), 3 + b);
    }
    ArrayNode merges = model.putArray("merges");
    for (String merge : List.of("\u2581 t", "h e", "\u2581t he", "i n", "o n", "e r", "\u2581 a")) {
      merges.add(merge);
      vocab.put(merge.replace(" ", ""), vocab.size());
    }
    for (char c : "\u2581abcdefghijklmnopqrstuvwxyz.,".toCharArray()) {
      vocab.put(String.valueOf(c), vocab.size());
    }
    return tokenizer;
  }

  private ObjectNode byteLevel() {
    ObjectNode tokenizer = MAPPER.createObjectNode();
    if (family == Family.GPT_NEOX) {
      tokenizer.putObject("normalizer").put("type", "NFC");
    }
    tokenizer.putArray("added_tokens");
    addToken(tokenizer, 256, "<|endoftext|>");
    tokenizer
        .putObject("pre_tokenizer")
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true);
    ObjectNode model = tokenizer.putObject("model").put("type", "BPE");
    ObjectNode vocab = model.putObject("vocab");
    for (int b = 0; b < 256; b++) {
      vocab.put(ByteLevelAlphabet.toSymbols(new byte[] {(byte) b}), b);
    }
    ArrayNode merges = model.putArray("merges");
    int id = 257;
    for (String[] merge :
        new String[][] {{"\u0120", "t"}, {"h", "e"}, {"\u0120t", "he"}, {"i", "n"}}) {
      merges.addArray().add(merge[0]).add(merge[1]);
      vocab.put(merge[0] + merge[1], id++);
    }
    return tokenizer;
  }

  private void addLlama(int vocabulary) {
    add("model.embed_tokens.weight", 1, vocabulary, HIDDEN);
    int dim = family.headDim();
    for (int i = 0; i < family.layers(); i++) {
      String layer = "model.layers." + i + ".";
      addNorm(layer + "input_layernorm.weight");
      add(layer + "self_attn.q_proj.weight", 0.3, HEADS * dim, HIDDEN);
      add(layer + "self_attn.k_proj.weight", 0.3, KV_HEADS * dim, HIDDEN);
      add(layer + "self_attn.v_proj.weight", 0.3, KV_HEADS * dim, HIDDEN);
      if (family == Family.QWEN2) {
        add(layer + "self_attn.q_proj.bias", 0.3, HIDDEN);
        add(layer + "self_attn.k_proj.bias", 0.3, KV_HEADS * dim);
        add(layer + "self_attn.v_proj.bias", 0.3, KV_HEADS * dim);
      }
      if (family == Family.QWEN3 || family == Family.GEMMA3) {
        addNorm(layer + "self_attn.q_norm.weight", dim);
        addNorm(layer + "self_attn.k_norm.weight", dim);
      }
      add(layer + "self_attn.o_proj.weight", 0.3, HIDDEN, HEADS * dim);
      addNorm(layer + "post_attention_layernorm.weight");
      if (family == Family.GEMMA3) {
        addNorm(layer + "pre_feedforward_layernorm.weight");
        addNorm(layer + "post_feedforward_layernorm.weight");
      }
      add(layer + "mlp.gate_proj.weight", 0.3, FFN, HIDDEN);
      add(layer + "mlp.up_proj.weight", 0.3, FFN, HIDDEN);
      add(layer + "mlp.down_proj.weight", 0.3, HIDDEN, FFN);
    }
    addNorm("model.norm.weight");
    if (!tied) {
      add("lm_head.weight", 0.5, vocabulary, HIDDEN);
    }
  }

  private void addGpt2(int vocabulary) {
    add("transformer.wte.weight", 1, vocabulary, HIDDEN);
    add("transformer.wpe.weight", 0.3, CONTEXT, HIDDEN);
    for (int i = 0; i < LAYERS; i++) {
      String layer = "transformer.h." + i + ".";
      for (String norm : List.of("ln_1", "ln_2")) {
        addNorm(layer + norm + ".weight");
        add(layer + norm + ".bias", 0.1, HIDDEN);
      }
      addConv(layer + "attn.c_attn", HIDDEN, 3 * HIDDEN);
      addConv(layer + "attn.c_proj", HIDDEN, HIDDEN);
      addConv(layer + "mlp.c_fc", HIDDEN, 4 * HIDDEN);
      addConv(layer + "mlp.c_proj", 4 * HIDDEN, HIDDEN);
    }
    addNorm("transformer.ln_f.weight");
    add("transformer.ln_f.bias", 0.1, HIDDEN);
  }

  private void addGptNeox(int vocabulary) {
    add("gpt_neox.embed_in.weight", 1, vocabulary, HIDDEN);
    for (int i = 0; i < LAYERS; i++) {
      String layer = "gpt_neox.layers." + i + ".";
      for (String norm : List.of("input_layernorm", "post_attention_layernorm")) {
        addNorm(layer + norm + ".weight");
        add(layer + norm + ".bias", 0.1, HIDDEN);
      }
      addLinear(layer + "attention.query_key_value", 3 * HIDDEN, HIDDEN);
      addLinear(layer + "attention.dense", HIDDEN, HIDDEN);
      addLinear(layer + "mlp.dense_h_to_4h", FFN, HIDDEN);
      addLinear(layer + "mlp.dense_4h_to_h", HIDDEN, FFN);
    }
    addNorm("gpt_neox.final_layer_norm.weight");
    add("gpt_neox.final_layer_norm.bias", 0.1, HIDDEN);
    add("embed_out.weight", 0.5, vocabulary, HIDDEN);
  }

  private void addLinear(String name, int out, int in) {
    add(name + ".weight", 0.3, out, in);
    add(name + ".bias", 0.1, out);
  }

  private void addConv(String name, int in, int out) {
    add(name + ".weight", 0.3, in, out);
    add(name + ".bias", 0.1, out);
  }

  private void addNorm(String name) {
    addNorm(name, HIDDEN);
  }

  /** Gemma stores what its norms' weights are above 1. */
  private void addNorm(String name, int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (family == Family.GEMMA3 ? 0 : 1) + (float) (0.1 * random.nextGaussian());
    }
    tensors.add(Entry.of(name, List.of((long) length), values));
  }

  private void add(String name, double scale, int... shape) {
    int count = 1;
    var dims = new ArrayList<Long>();
    for (int dim : shape) {
      count *= dim;
      dims.add((long) dim);
    }
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (scale * random.nextGaussian());
    }
    tensors.add(Entry.of(name, dims, values));
  }

  /** A new directory below another, for a model. */
  public static Path directory(Path parent, String name) {
    try {
      return Files.createDirectories(parent.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

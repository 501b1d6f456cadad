package dev.mneme.store.testing;

import dev.mneme.Tap;
import dev.mneme.store.hf.Attention.Bias;
import dev.mneme.store.hf.Attention.Heads;
import dev.mneme.store.hf.Blocks.Order;
import dev.mneme.store.hf.DecoderShape;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.store.hf.RopeScaling;
import dev.mneme.store.hf.Rotary;
import dev.mneme.store.hf.Rotary.Rotation;
import dev.mneme.store.hf.SlidingWindow;
import dev.mneme.store.safetensors.FloatReader;
import dev.mneme.store.safetensors.TensorInfo;
import dev.mneme.store.safetensors.TensorSource;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * A decoder's forward pass in plain Java and double arithmetic, straight from a Hugging Face
 * directory: what engines are compared with. Llama, Mistral, Qwen2, Qwen3, Gemma 3, GPT-2 and
 * GPT-NeoX.
 */
public final class ReferenceDecoder implements AutoCloseable {

  private final HuggingFaceConfig config;
  private final DecoderShape shape;
  private final Heads heads;
  private final TensorSource weights;
  private final Map<Tap, double[][]> activations = new HashMap<>();

  /** Opens a directory; its values are read when they are needed. */
  public ReferenceDecoder(Path directory) {
    config = HuggingFaceConfig.read(directory);
    shape = config.shape();
    heads = shape.attention().heads();
    weights = TensorSource.openDirectory(directory);
  }

  private double[] tensor(String name) {
    TensorInfo info = weights.tensors().get(name);
    if (info == null) {
      throw new IllegalArgumentException(name);
    }
    float[] values = new float[(int) info.elements()];
    FloatReader.read(info.dtype(), weights.data(name), 0, values, values.length);
    double[] wide = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  /** What the last {@link #logits} computed at a place, a row for each token. */
  public double[][] activations(Tap tap) {
    double[][] found = activations.get(tap);
    if (found == null) {
      throw new IllegalArgumentException("nothing at " + tap);
    }
    return found;
  }

  private void keep(int layer, Tap.Point point, double[][] x) {
    activations.put(
        new Tap(layer, point), Arrays.stream(x).map(double[]::clone).toArray(double[][]::new));
  }

  /** Logits after each token. */
  public double[][] logits(int... tokens) {
    return switch (config.architecture()) {
      case GPT2 -> gpt2(tokens);
      case GPT_NEOX -> gptNeox(tokens);
      case GEMMA3 -> gemma3(tokens);
      case LLAMA, MISTRAL, QWEN2, QWEN3 -> llama(tokens);
    };
  }

  private double[][] llama(int[] tokens) {
    double[][] x = embed(tokens, tensor("model.embed_tokens.weight"));
    for (int layer = 0; layer < config.layers(); layer++) {
      String p = "model.layers." + layer + ".";
      add(x, attended(rmsNorm(x, tensor(p + "input_layernorm.weight")), layer));
      double[][] normed = rmsNorm(x, tensor(p + "post_attention_layernorm.weight"));
      keep(layer, Tap.Point.FEED_FORWARD_INPUT, normed);
      double[][] gate = affine(normed, p + "mlp.gate_proj", shape.feedForward().width());
      double[][] up = affine(normed, p + "mlp.up_proj", shape.feedForward().width());
      for (int t = 0; t < x.length; t++) {
        for (int i = 0; i < shape.feedForward().width(); i++) {
          up[t][i] *= activated(gate[t][i]);
        }
      }
      add(x, affine(up, p + "mlp.down_proj", config.hidden()));
      keep(layer, Tap.Point.BLOCK_OUTPUT, x);
    }
    double[] head =
        tensor(shape.embedding().tied() ? "model.embed_tokens.weight" : "lm_head.weight");
    return linear(rmsNorm(x, tensor("model.norm.weight")), head, config.vocabulary());
  }

  private double[][] attended(double[][] normed, int layer) {
    String p = "model.layers." + layer + ".self_attn.";
    int dim = heads.width();
    double[][] q = project(normed, p + "q_proj", heads.queries() * dim);
    double[][] k = project(normed, p + "k_proj", heads.keyValues() * dim);
    double[][] v = project(normed, p + "v_proj", heads.keyValues() * dim);
    if (shape.attention().projection().normed()) {
      normHeads(q, heads.queries(), factors(p + "q_norm.weight"));
      normHeads(k, heads.keyValues(), factors(p + "k_norm.weight"));
    }
    rotate(q, heads.queries(), rotation(layer));
    rotate(k, heads.keyValues(), rotation(layer));
    return affine(attend(q, k, v, layer), p + "o_proj", config.hidden());
  }

  private Rotation rotation(int layer) {
    Rotary rotary = shape.rotary().orElseThrow();
    return limits(layer) ? rotary.windowed() : rotary.full();
  }

  private boolean limits(int layer) {
    return shape.attention().window().map(window -> window.limits(layer)).orElse(false);
  }

  /** What a norm multiplies by. */
  private double[] factors(String name) {
    double[] stored = tensor(name);
    float above = shape.blocks().norm().kind().offset();
    return Arrays.stream(stored).map(a -> a + above).toArray();
  }

  private void normHeads(double[][] x, int count, double[] factors) {
    int dim = heads.width();
    for (double[] row : x) {
      for (int h = 0; h < count; h++) {
        double[] head = Arrays.copyOfRange(row, h * dim, (h + 1) * dim);
        System.arraycopy(rmsNorm(new double[][] {head}, factors)[0], 0, row, h * dim, dim);
      }
    }
  }

  private double[][] gemma3(int[] tokens) {
    double[][] x = embed(tokens, tensor("model.embed_tokens.weight"));
    for (double[] row : x) {
      Arrays.setAll(row, i -> row[i] * Math.sqrt(config.hidden()));
    }
    for (int layer = 0; layer < config.layers(); layer++) {
      String p = "model.layers." + layer + ".";
      double[][] attended = attended(rmsNorm(x, factors(p + "input_layernorm.weight")), layer);
      add(x, rmsNorm(attended, factors(p + "post_attention_layernorm.weight")));
      double[][] normed = rmsNorm(x, factors(p + "pre_feedforward_layernorm.weight"));
      keep(layer, Tap.Point.FEED_FORWARD_INPUT, normed);
      double[][] gate = affine(normed, p + "mlp.gate_proj", shape.feedForward().width());
      double[][] up = affine(normed, p + "mlp.up_proj", shape.feedForward().width());
      for (int t = 0; t < x.length; t++) {
        for (int i = 0; i < shape.feedForward().width(); i++) {
          up[t][i] *= activated(gate[t][i]);
        }
      }
      double[][] fed = affine(up, p + "mlp.down_proj", config.hidden());
      add(x, rmsNorm(fed, factors(p + "post_feedforward_layernorm.weight")));
      keep(layer, Tap.Point.BLOCK_OUTPUT, x);
    }
    double[] head = tensor("model.embed_tokens.weight");
    return linear(rmsNorm(x, factors("model.norm.weight")), head, config.vocabulary());
  }

  private double activated(double x) {
    return switch (shape.feedForward().activation()) {
      case SILU -> x * sigmoid(x);
      case GELU -> 0.5 * x * (1 + erf(x / Math.sqrt(2)));
      case GELU_TANH -> tanhGelu(x);
      case QUICK_GELU -> x * sigmoid(1.702 * x);
      case RELU -> Math.max(x, 0);
      case RELU_SQUARED -> Math.pow(Math.max(x, 0), 2);
      case RELU6 -> Math.clamp(x, 0, 6);
      case LEAKY_RELU -> x < 0 ? 0.01 * x : x;
      case HARD_SWISH -> x * Math.clamp(x + 3, 0, 6) / 6;
      case MISH -> x * Math.tanh(Math.log1p(Math.exp(x)));
      case TANH -> Math.tanh(x);
      case SIGMOID -> sigmoid(x);
      case LINEAR -> x;
    };
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double tanhGelu(double a) {
    return 0.5 * a * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (a + 0.044715 * a * a * a)));
  }

  private double[][] gpt2(int[] tokens) {
    double[][] x = embed(tokens, tensor("transformer.wte.weight"));
    double[] positions = tensor("transformer.wpe.weight");
    int width = config.hidden();
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < width; i++) {
        x[t][i] += positions[t * width + i];
      }
    }
    for (int layer = 0; layer < config.layers(); layer++) {
      String p = "transformer.h." + layer + ".";
      double[][] qkv = conv(layerNorm(x, p + "ln_1"), p + "attn.c_attn", 3 * width);
      add(
          x,
          conv(
              attend(columns(qkv, 0), columns(qkv, width), columns(qkv, 2 * width), layer),
              p + "attn.c_proj",
              width));
      double[][] normed = layerNorm(x, p + "ln_2");
      keep(layer, Tap.Point.FEED_FORWARD_INPUT, normed);
      double[][] inner = conv(normed, p + "mlp.c_fc", shape.feedForward().width());
      for (double[] row : inner) {
        Arrays.setAll(row, i -> activated(row[i]));
      }
      add(x, conv(inner, p + "mlp.c_proj", width));
      keep(layer, Tap.Point.BLOCK_OUTPUT, x);
    }
    return linear(
        layerNorm(x, "transformer.ln_f"), tensor("transformer.wte.weight"), config.vocabulary());
  }

  private double[][] gptNeox(int[] tokens) {
    double[][] x = embed(tokens, tensor("gpt_neox.embed_in.weight"));
    int width = config.hidden();
    for (int layer = 0; layer < config.layers(); layer++) {
      String p = "gpt_neox.layers." + layer + ".";
      double[][] qkv =
          affine(layerNorm(x, p + "input_layernorm"), p + "attention.query_key_value", 3 * width);
      double[][] q = partOfHeads(qkv, 0);
      double[][] k = partOfHeads(qkv, 1);
      rotate(q, heads.queries(), rotation(layer));
      rotate(k, heads.queries(), rotation(layer));
      double[][] attended =
          affine(attend(q, k, partOfHeads(qkv, 2), layer), p + "attention.dense", width);
      if (!(shape.blocks().order() == Order.PARALLEL)) {
        add(x, attended);
      }
      double[][] normed = layerNorm(x, p + "post_attention_layernorm");
      keep(layer, Tap.Point.FEED_FORWARD_INPUT, normed);
      double[][] inner = affine(normed, p + "mlp.dense_h_to_4h", shape.feedForward().width());
      for (double[] row : inner) {
        Arrays.setAll(row, i -> activated(row[i]));
      }
      if ((shape.blocks().order() == Order.PARALLEL)) {
        add(x, attended);
      }
      add(x, affine(inner, p + "mlp.dense_4h_to_h", width));
      keep(layer, Tap.Point.BLOCK_OUTPUT, x);
    }
    double[] head =
        tensor(shape.embedding().tied() ? "gpt_neox.embed_in.weight" : "embed_out.weight");
    return linear(layerNorm(x, "gpt_neox.final_layer_norm"), head, config.vocabulary());
  }

  /** Query, key or value of all heads, of which each has the three one after the other. */
  private double[][] partOfHeads(double[][] qkv, int part) {
    int dim = heads.width();
    double[][] y = new double[qkv.length][config.hidden()];
    for (int t = 0; t < qkv.length; t++) {
      for (int h = 0; h < heads.queries(); h++) {
        System.arraycopy(qkv[t], (3 * h + part) * dim, y[t], h * dim, dim);
      }
    }
    return y;
  }

  /** The error function: 2/√π·e^(-x²)·Σ 2ⁿx²ⁿ⁺¹/(2n+1)!! (DLMF 7.6.2), whose terms share a sign. */
  private static double erf(double x) {
    if (Math.abs(x) > 6) {
      return Math.signum(x);
    }
    double term = x;
    double sum = x;
    for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }

  private double[][] embed(int[] tokens, double[] table) {
    double[][] x = new double[tokens.length][config.hidden()];
    for (int t = 0; t < tokens.length; t++) {
      System.arraycopy(table, tokens[t] * config.hidden(), x[t], 0, config.hidden());
    }
    return x;
  }

  private double[][] columns(double[][] x, int from) {
    double[][] part = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      part[t] = java.util.Arrays.copyOfRange(x[t], from, from + config.hidden());
    }
    return part;
  }

  private double[][] project(double[][] x, String name, int out) {
    double[][] y = linear(x, tensor(name + ".weight"), out);
    if (shape.attention().projection().bias() != Bias.NONE) {
      double[] bias = tensor(name + ".bias");
      for (double[] row : y) {
        add(new double[][] {row}, new double[][] {bias});
      }
    }
    return y;
  }

  /** {@code y = x · Wᵀ} for W stored [out, in]. */
  private static double[][] linear(double[][] x, double[] w, int out) {
    double[][] y = new double[x.length][out];
    for (int t = 0; t < x.length; t++) {
      for (int o = 0; o < out; o++) {
        for (int i = 0; i < x[t].length; i++) {
          y[t][o] += w[o * x[t].length + i] * x[t][i];
        }
      }
    }
    return y;
  }

  /** {@code y = x · Wᵀ + b} for W stored [out, in]; no b where the model has none. */
  private double[][] affine(double[][] x, String name, int out) {
    double[][] y = linear(x, tensor(name + ".weight"), out);
    if (weights.tensors().containsKey(name + ".bias")) {
      double[] bias = tensor(name + ".bias");
      for (double[] row : y) {
        add(new double[][] {row}, new double[][] {bias});
      }
    }
    return y;
  }

  /** {@code y = x · W + b} for W stored [in, out]. */
  private double[][] conv(double[][] x, String name, int out) {
    double[] w = tensor(name + ".weight");
    double[] b = tensor(name + ".bias");
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      y[t] = b.clone();
      for (int i = 0; i < x[t].length; i++) {
        for (int o = 0; o < out; o++) {
          y[t][o] += x[t][i] * w[i * out + o];
        }
      }
    }
    return y;
  }

  /** Rotates the two halves of what is rotated of each head against each other, by position. */
  private void rotate(double[][] x, int count, Rotation rotation) {
    RopeScaling scaling = rotation.scaling();
    int dim = heads.width();
    int rotated = shape.rotary().orElseThrow().width();
    double[] divisors = scaling.divisors(rotated, rotation.theta());
    for (int t = 0; t < x.length; t++) {
      for (int h = 0; h < count; h++) {
        for (int i = 0; i < rotated / 2; i++) {
          double angle = t * Math.pow(rotation.theta(), -2.0 * i / rotated) / divisors[i];
          double a = scaling.magnitude() * x[t][h * dim + i];
          double b = scaling.magnitude() * x[t][h * dim + i + rotated / 2];
          x[t][h * dim + i] = a * Math.cos(angle) - b * Math.sin(angle);
          x[t][h * dim + i + rotated / 2] = b * Math.cos(angle) + a * Math.sin(angle);
        }
      }
    }
  }

  /** Tokens that a token sees in a block, itself included. */
  private int reach(int layer) {
    return shape
        .attention()
        .window()
        .filter(window -> window.limits(layer))
        .map(SlidingWindow::length)
        .orElse(Integer.MAX_VALUE);
  }

  private double[][] attend(double[][] q, double[][] k, double[][] v, int layer) {
    int reach = reach(layer);
    double scale = shape.attention().scale().of(layer);
    int dim = heads.width();
    int group = heads.queries() / heads.keyValues();
    double[][] out = new double[q.length][heads.queries() * dim];
    for (int t = 0; t < q.length; t++) {
      for (int h = 0; h < heads.queries(); h++) {
        int kv = h / group * dim;
        double[] scores = new double[t + 1];
        double sum = 0;
        for (int s = Math.max(0, t - reach + 1); s <= t; s++) {
          for (int i = 0; i < dim; i++) {
            scores[s] += q[t][h * dim + i] * k[s][kv + i] * scale;
          }
          scores[s] = Math.exp(scores[s]);
          sum += scores[s];
        }
        for (int s = Math.max(0, t - reach + 1); s <= t; s++) {
          for (int i = 0; i < dim; i++) {
            out[t][h * dim + i] += scores[s] / sum * v[s][kv + i];
          }
        }
      }
    }
    return out;
  }

  private double[][] rmsNorm(double[][] x, double[] w) {
    double[][] y = new double[x.length][w.length];
    for (int t = 0; t < x.length; t++) {
      double squares = 0;
      for (double a : x[t]) {
        squares += a * a;
      }
      double scale = 1 / Math.sqrt(squares / w.length + shape.blocks().norm().epsilon());
      for (int i = 0; i < w.length; i++) {
        y[t][i] = x[t][i] * scale * w[i];
      }
    }
    return y;
  }

  private double[][] layerNorm(double[][] x, String name) {
    double[] w = tensor(name + ".weight");
    double[] b = tensor(name + ".bias");
    double[][] y = new double[x.length][w.length];
    for (int t = 0; t < x.length; t++) {
      double mean = java.util.Arrays.stream(x[t]).average().orElseThrow();
      double variance =
          java.util.Arrays.stream(x[t]).map(a -> (a - mean) * (a - mean)).average().orElseThrow();
      for (int i = 0; i < w.length; i++) {
        y[t][i] =
            (x[t][i] - mean) / Math.sqrt(variance + shape.blocks().norm().epsilon()) * w[i] + b[i];
      }
    }
    return y;
  }

  private static void add(double[][] x, double[][] more) {
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < x[t].length; i++) {
        x[t][i] += more[t][i];
      }
    }
  }

  @Override
  public void close() {
    weights.close();
  }
}

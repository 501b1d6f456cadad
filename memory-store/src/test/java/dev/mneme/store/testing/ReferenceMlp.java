package dev.mneme.store.testing;

import dev.mneme.store.hf.MlpShape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * An MLP Memory (arXiv 2508.01832) written plainly in double precision, for engines to be compared
 * with. Slow.
 */
public final class ReferenceMlp {

  private final MlpShape shape;
  private final Map<String, float[]> tensors = new LinkedHashMap<>();

  /**
   * A memory.
   *
   * @param read gives the numbers of a tensor by its published name, as stored
   */
  public ReferenceMlp(MlpShape shape, Function<String, float[]> read) {
    this.shape = shape;
    shape.tensors().forEach(tensor -> tensors.put(tensor.name(), read.apply(tensor.name())));
  }

  /** The logits of one activation. */
  public double[] logits(float[] activation) {
    double[] x = new double[activation.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = activation[i];
    }
    if (shape.transform()) {
      x = plus(byRows(x, "embedding_transform.weight", shape.hidden()), "embedding_transform.bias");
    }
    for (int layer = 0; layer < shape.layers(); layer++) {
      double[] change =
          switch (shape.style()) {
            case MISTRAL -> gated(x, "layers." + layer + ".");
            case GPT2 -> widened(x, "h." + layer + ".");
          };
      for (int i = 0; i < x.length; i++) {
        x[i] += change[i];
      }
    }
    double[] last =
        switch (shape.style()) {
          case MISTRAL -> rootMeanSquareNorm(x, "norm.weight");
          case GPT2 -> layerNorm(x, "ln_f.");
        };
    return byRows(last, "lm_head.weight", shape.vocabulary());
  }

  /** down(silu(gate(h)) · up(h)) of the normed h. */
  private double[] gated(double[] x, String block) {
    double[] h = rootMeanSquareNorm(x, block + "input_layernorm.weight");
    double[] gate = byRows(h, block + "mlp.gate_proj.weight", shape.feedForward());
    double[] up = byRows(h, block + "mlp.up_proj.weight", shape.feedForward());
    for (int i = 0; i < up.length; i++) {
      up[i] *= gate[i] / (1 + Math.exp(-gate[i]));
    }
    return byRows(up, block + "mlp.down_proj.weight", shape.hidden());
  }

  /** c_proj(gelu(c_fc(h))) of the normed h, with GELU by its tanh formula. */
  private double[] widened(double[] x, String block) {
    double[] h = layerNorm(x, block + "ln_1.");
    double[] wide =
        plus(byColumns(h, block + "mlp.c_fc.weight", shape.feedForward()), block + "mlp.c_fc.bias");
    for (int i = 0; i < wide.length; i++) {
      double v = wide[i];
      wide[i] = v / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));
    }
    return plus(
        byColumns(wide, block + "mlp.c_proj.weight", shape.hidden()), block + "mlp.c_proj.bias");
  }

  private double[] rootMeanSquareNorm(double[] x, String weight) {
    double square = 0;
    for (double v : x) {
      square += v * v;
    }
    double scale = 1 / Math.sqrt(square / x.length + shape.normEpsilon());
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = x[i] * scale * tensor(weight)[i];
    }
    return y;
  }

  private double[] layerNorm(double[] x, String norm) {
    double mean = 0;
    for (double v : x) {
      mean += v / x.length;
    }
    double variance = 0;
    for (double v : x) {
      variance += (v - mean) * (v - mean) / x.length;
    }
    double scale = 1 / Math.sqrt(variance + shape.normEpsilon());
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = (x[i] - mean) * scale * tensor(norm + "weight")[i] + tensor(norm + "bias")[i];
    }
    return y;
  }

  /** The product with a matrix stored [out, in]. */
  private double[] byRows(double[] x, String matrix, int out) {
    float[] w = tensor(matrix);
    double[] y = new double[out];
    for (int o = 0; o < out; o++) {
      for (int i = 0; i < x.length; i++) {
        y[o] += x[i] * w[o * x.length + i];
      }
    }
    return y;
  }

  /** The product with a matrix stored [in, out]. */
  private double[] byColumns(double[] x, String matrix, int out) {
    float[] w = tensor(matrix);
    double[] y = new double[out];
    for (int i = 0; i < x.length; i++) {
      for (int o = 0; o < out; o++) {
        y[o] += x[i] * w[i * out + o];
      }
    }
    return y;
  }

  private double[] plus(double[] x, String bias) {
    for (int i = 0; i < x.length; i++) {
      x[i] += tensor(bias)[i];
    }
    return x;
  }

  private float[] tensor(String name) {
    float[] values = tensors.get(name);
    if (values == null) {
      throw new IllegalArgumentException("no tensor " + name);
    }
    return values;
  }
}

package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import dev.mneme.store.safetensors.TensorInfo;
import dev.mneme.store.safetensors.TensorSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which tensors a decoder must have, and in which shapes. */
final class ModelTensors {

  private ModelTensors() {}

  /** What stands before the names: published files have or lack the name of the inner model. */
  static String prefix(HuggingFaceConfig config, TensorSource weights) {
    if (config.architecture() == Architecture.GPT2) {
      return weights.tensors().containsKey("wte.weight") ? "" : "transformer.";
    }
    return weights.tensors().containsKey("embed_tokens.weight") ? "" : "model.";
  }

  /**
   * Compares a model's tensors with what its configuration calls for.
   *
   * @throws MalformedFileException naming every tensor that is missing, too many or misshapen
   */
  static void check(Path directory, HuggingFaceConfig config, TensorSource weights) {
    String prefix = prefix(config, weights);
    Map<String, List<Long>> expected =
        config.architecture() == Architecture.GPT2 ? gpt2(config, prefix) : llama(config, prefix);
    var problems = new ArrayList<String>();
    expected.forEach(
        (name, shape) -> {
          TensorInfo found = weights.tensors().get(name);
          if (found == null) {
            problems.add(name + " is missing");
          } else if (!found.shape().equals(shape)) {
            problems.add(
                "%s should have the shape %s, but has %s".formatted(name, shape, found.shape()));
          }
        });
    for (String name : weights.tensors().keySet()) {
      if (!expected.containsKey(name) && !ignorable(config, name)) {
        problems.add(name + " is not part of this architecture");
      }
    }
    if (!problems.isEmpty()) {
      throw new MalformedFileException(
          "the weights in %s do not fit its config.json:%n  %s"
              .formatted(directory, String.join("\n  ", problems)));
    }
  }

  /** Buffers that old files carry, and a stored copy of a tied head. */
  private static boolean ignorable(HuggingFaceConfig config, String name) {
    return name.endsWith(".rotary_emb.inv_freq")
        || (config.architecture() == Architecture.GPT2
            && name.matches(".*\\.attn\\.(bias|masked_bias)"))
        || (config.tied() && name.equals("lm_head.weight"));
  }

  private static Map<String, List<Long>> llama(HuggingFaceConfig c, String prefix) {
    var shapes = new LinkedHashMap<String, List<Long>>();
    List<Long> norm = List.of((long) c.hidden());
    List<Long> table = shape(c.vocabulary(), c.hidden());
    int queries = c.heads() * c.headDim();
    int keys = c.kvHeads() * c.headDim();
    shapes.put(prefix + "embed_tokens.weight", table);
    shapes.put(prefix + "norm.weight", norm);
    if (!c.tied()) {
      shapes.put("lm_head.weight", table);
    }
    for (int i = 0; i < c.layers(); i++) {
      String layer = prefix + "layers." + i + ".";
      shapes.put(layer + "input_layernorm.weight", norm);
      shapes.put(layer + "self_attn.q_proj.weight", shape(queries, c.hidden()));
      shapes.put(layer + "self_attn.k_proj.weight", shape(keys, c.hidden()));
      shapes.put(layer + "self_attn.v_proj.weight", shape(keys, c.hidden()));
      if (c.architecture() == Architecture.QWEN2) {
        shapes.put(layer + "self_attn.q_proj.bias", List.of((long) queries));
        shapes.put(layer + "self_attn.k_proj.bias", List.of((long) keys));
        shapes.put(layer + "self_attn.v_proj.bias", List.of((long) keys));
      }
      shapes.put(layer + "self_attn.o_proj.weight", shape(c.hidden(), queries));
      shapes.put(layer + "post_attention_layernorm.weight", norm);
      shapes.put(layer + "mlp.gate_proj.weight", shape(c.ffn(), c.hidden()));
      shapes.put(layer + "mlp.up_proj.weight", shape(c.ffn(), c.hidden()));
      shapes.put(layer + "mlp.down_proj.weight", shape(c.hidden(), c.ffn()));
    }
    return shapes;
  }

  private static Map<String, List<Long>> gpt2(HuggingFaceConfig c, String prefix) {
    var shapes = new LinkedHashMap<String, List<Long>>();
    shapes.put(prefix + "wte.weight", shape(c.vocabulary(), c.hidden()));
    shapes.put(prefix + "wpe.weight", shape(c.context(), c.hidden()));
    putNorm(shapes, prefix + "ln_f", c.hidden());
    if (!c.tied()) {
      shapes.put("lm_head.weight", shape(c.vocabulary(), c.hidden()));
    }
    for (int i = 0; i < c.layers(); i++) {
      String layer = prefix + "h." + i + ".";
      putNorm(shapes, layer + "ln_1", c.hidden());
      putNorm(shapes, layer + "ln_2", c.hidden());
      putConv(shapes, layer + "attn.c_attn", c.hidden(), 3 * c.hidden());
      putConv(shapes, layer + "attn.c_proj", c.hidden(), c.hidden());
      putConv(shapes, layer + "mlp.c_fc", c.hidden(), c.ffn());
      putConv(shapes, layer + "mlp.c_proj", c.ffn(), c.hidden());
    }
    return shapes;
  }

  private static void putNorm(Map<String, List<Long>> shapes, String name, int width) {
    shapes.put(name + ".weight", List.of((long) width));
    shapes.put(name + ".bias", List.of((long) width));
  }

  private static void putConv(Map<String, List<Long>> shapes, String name, int in, int out) {
    shapes.put(name + ".weight", shape(in, out));
    shapes.put(name + ".bias", List.of((long) out));
  }

  private static List<Long> shape(int rows, int columns) {
    return List.of((long) rows, (long) columns);
  }
}

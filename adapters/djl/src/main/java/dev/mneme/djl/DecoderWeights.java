package dev.mneme.djl;

import dev.mneme.djl.NetworkWeights.Part;
import java.util.ArrayList;
import java.util.List;

/** Where a decoder's published tensors lie, in the order of {@link DecoderScript}. */
final class DecoderWeights {

  private DecoderWeights() {}

  /**
   * The published names (transformers' LlamaForCausalLM), grouped by the tensor that holds them.
   */
  static List<List<Part>> layout(LlamaShape shape) {
    int hidden = shape.hidden();
    int kv = shape.keyValueWidth();
    int ffn = shape.feedForward();
    var all = new ArrayList<List<Part>>();
    all.add(List.of(new Part("model.embed_tokens.weight", shape.vocabulary(), hidden)));
    for (int i = 0; i < shape.layers(); i++) {
      String block = "model.layers." + i + ".";
      all.add(List.of(new Part(block + "input_layernorm.weight", hidden, 0)));
      all.add(
          List.of(
              new Part(block + "self_attn.q_proj.weight", hidden, hidden),
              new Part(block + "self_attn.k_proj.weight", kv, hidden),
              new Part(block + "self_attn.v_proj.weight", kv, hidden)));
      all.add(List.of(new Part(block + "self_attn.o_proj.weight", hidden, hidden)));
      all.add(List.of(new Part(block + "post_attention_layernorm.weight", hidden, 0)));
      all.add(
          List.of(
              new Part(block + "mlp.gate_proj.weight", ffn, hidden),
              new Part(block + "mlp.up_proj.weight", ffn, hidden)));
      all.add(List.of(new Part(block + "mlp.down_proj.weight", hidden, ffn)));
    }
    all.add(List.of(new Part("model.norm.weight", hidden, 0)));
    return all;
  }
}

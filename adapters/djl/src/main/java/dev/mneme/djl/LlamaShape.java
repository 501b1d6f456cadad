package dev.mneme.djl;

import dev.mneme.store.hf.Activation;
import dev.mneme.store.hf.Attention.Bias;
import dev.mneme.store.hf.Attention.Heads;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.store.hf.RopeScaling;

/**
 * The shape of a Llama decoder: RMS norms before attention and feed-forward, rotary positions,
 * grouped-query attention, SwiGLU, no biases, the embedding as output matrix.
 *
 * @param vocabulary rows of the embedding
 * @param hidden width of the residual stream
 * @param layers number of blocks
 * @param heads query heads; {@code hidden / heads} is a head's width and even
 * @param kvHeads key and value heads, a divisor of {@code heads}
 * @param feedForward width inside the feed-forward block
 * @param context most tokens in a sequence
 * @param ropeTheta base of the rotary frequencies
 * @param normEpsilon added to the mean square in every norm
 */
public record LlamaShape(
    int vocabulary,
    int hidden,
    int layers,
    int heads,
    int kvHeads,
    int feedForward,
    int context,
    double ropeTheta,
    double normEpsilon) {

  public LlamaShape {
    require(vocabulary > 0 && layers > 0 && feedForward > 0 && context > 0, "positive sizes");
    require(heads > 0 && hidden % heads == 0 && hidden / heads % 2 == 0, "heads of an even width");
    require(kvHeads > 0 && heads % kvHeads == 0, "kvHeads that divide heads");
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new IllegalArgumentException("a decoder needs " + what);
    }
  }

  /** The shape of a Hugging Face model, which must be a plain Llama with a tied head. */
  public static LlamaShape of(HuggingFaceConfig config) {
    var shape = config.shape();
    Heads heads = shape.attention().heads();
    require(
        config.architecture() == HuggingFaceConfig.Architecture.LLAMA
            && shape.embedding().tied()
            && shape.attention().projection().bias() == Bias.NONE
            && !shape.feedForward().bias()
            && heads.queryWidth() == config.hidden()
            && shape.feedForward().activation() == Activation.SILU
            && shape.rotary().orElseThrow().full().scaling() instanceof RopeScaling.None,
        "a Llama model with a tied head, SiLU, unscaled rotary positions and no biases to be trained");
    return new LlamaShape(
        config.vocabulary(),
        config.hidden(),
        config.layers(),
        heads.queries(),
        heads.keyValues(),
        shape.feedForward().width(),
        config.context(),
        shape.rotary().orElseThrow().full().theta(),
        shape.blocks().norm().epsilon());
  }

  public int headWidth() {
    return hidden / heads;
  }

  int keyValueWidth() {
    return kvHeads * headWidth();
  }

  /** Number of weights. */
  public long parameters() {
    long attention = (long) hidden * (hidden + 2L * keyValueWidth()) + (long) hidden * hidden;
    long block = attention + 3L * hidden * feedForward + 2L * hidden;
    return (long) vocabulary * hidden + layers * block + hidden;
  }
}

package dev.mneme.store.hf;

import dev.mneme.MnemeException;
import dev.mneme.store.gguf.GgufWriter;
import java.nio.file.Path;

/**
 * What a GGUF file says of a Gemma 3's attention. Its graph in llama.cpp has numbers that no key of
 * the file changes, or only in newer releases: every sixth block without window, positions of the
 * other blocks turned at base 10,000, and queries scaled by the head's size, but by width and heads
 * where there are as many blocks as in the largest published model. Others are refused.
 */
final class Gemma3Gguf {

  private static final int PERIOD = 6;
  private static final double LOCAL_THETA = 10_000;
  private static final int BLOCKS_OF_27B = 62;

  private Gemma3Gguf() {}

  /**
   * Writes the keys.
   *
   * @throws MnemeException if llama.cpp would compute something else
   */
  static void put(HuggingFaceConfig config, Path directory, GgufWriter writer) {
    SlidingWindow window = config.shape().attention().window().orElseThrow();
    require(
        window.period() == PERIOD,
        directory,
        "distance between blocks without window",
        PERIOD,
        window.period());
    double theta = config.shape().rotary().orElseThrow().windowed().theta();
    require(
        theta == LOCAL_THETA, directory, "rotary base of blocks with a window", LOCAL_THETA, theta);
    Attention attention = config.shape().attention();
    double scalar = 1 / (attention.scale() * attention.scale());
    Attention.Heads heads = attention.heads();
    int scaledBy =
        config.layers() == BLOCKS_OF_27B ? config.hidden() / heads.queries() : heads.width();
    require(
        Math.abs(scalar - scaledBy) < 1e-6 * scaledBy,
        directory,
        "query_pre_attn_scalar",
        scaledBy,
        scalar);
    writer.putUint32(config.architecture().gguf() + ".attention.sliding_window", window.length());
  }

  private static void require(
      boolean holds, Path directory, String what, Object expected, Object found) {
    if (!holds) {
      throw new MnemeException(
          "%s cannot be written as GGUF: llama.cpp computes Gemma 3 with a %s of %s, this model has %s"
              .formatted(directory.resolve(HuggingFaceConfig.FILE), what, expected, found));
    }
  }
}

package dev.mneme.store.hf;

import dev.mneme.MnemeException;
import dev.mneme.store.gguf.GgufWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What a GGUF file says of a Gemma 3's attention. Its graph in llama.cpp has numbers that no key of
 * the file changes, or only in newer releases: every sixth block without window (it ends the
 * process where there is none, as with fewer than six blocks), positions of the other blocks turned
 * at base 10,000, and queries scaled by the head's size, but by width and heads where there are as
 * many blocks as in the largest published model. Others are refused.
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
    int blocks = config.layers();
    require(
        blocks >= PERIOD,
        directory,
        "num_hidden_layers",
        "of " + PERIOD + " blocks or more",
        blocks);
    Optional<SlidingWindow> window = config.shape().attention().window();
    require(
        window.map(SlidingWindow::blocks).orElse(Set.of()).equals(windowed(blocks)),
        directory,
        "layer_types",
        "with every " + PERIOD + "th block of full attention and a window in all others",
        "another order");
    Rotary.Rotation rotation = config.shape().rotary().orElseThrow().windowed();
    double theta = rotation.theta();
    require(
        theta == LOCAL_THETA, directory, "rotary base of blocks with a window", LOCAL_THETA, theta);
    Attention attention = config.shape().attention();
    require(
        rotation.scaling() instanceof RopeScaling.None,
        directory,
        "rope_type of blocks with a window",
        "default",
        rotation.scaling());
    double scalar = 1 / (attention.scale().factor() * attention.scale().factor());
    Attention.Heads heads = attention.heads();
    int scaledBy =
        config.layers() == BLOCKS_OF_27B ? config.hidden() / heads.queries() : heads.width();
    require(
        Math.abs(scalar - scaledBy) < 1e-6 * scaledBy,
        directory,
        "query_pre_attn_scalar",
        scaledBy,
        scalar);
    writer.putUint32(
        config.architecture().gguf() + ".attention.sliding_window", window.orElseThrow().length());
  }

  private static Set<Integer> windowed(int blocks) {
    return IntStream.range(0, blocks)
        .filter(block -> (block + 1) % PERIOD != 0)
        .boxed()
        .collect(Collectors.toSet());
  }

  private static void require(
      boolean holds, Path directory, String what, Object expected, Object found) {
    if (!holds) {
      throw new MnemeException(
          "%s cannot be written as GGUF: llama.cpp computes Gemma 3 with %s %s only, this model has %s; open the folder itself, which runs on PyTorch"
              .formatted(directory.resolve(HuggingFaceConfig.FILE), what, expected, found));
    }
  }
}

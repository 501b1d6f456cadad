package dev.mneme;

import java.util.ArrayList;
import java.util.List;

/**
 * Which host a memory that reads activations belongs to. Equal for every copy of one host: under
 * another file name, in another file format, and quantised.
 *
 * <p>The digest rule: the tensors of all normalisations (weights and biases, of every block and of
 * the output), because formats that quantise matrices keep these as they are. Each counts as its
 * little-endian 32-bit floats, in the order: block after block attention norm then feed-forward
 * norm, at the end the output norm; of each first the weight, then the bias if the family has one.
 * SHA-256 over all. What a family's files do not have in any block, such as the feed-forward norm
 * where attention and feed-forward network share one, is left out. Two fine-tunings that left every
 * norm untouched are therefore one host, and norms rounded to another precision are another.
 *
 * @param architecture the network's family in GGUF's words: {@code llama}, {@code qwen2}
 * @param width floats of the residual stream
 * @param blocks transformer blocks
 * @param norms {@code sha256:} and 64 hex digits, by the rule above
 */
public record HostIdentity(String architecture, int width, int blocks, String norms) {

  /** How another host differs, each in words a person can act on; empty if it is this one. */
  public List<String> differencesFrom(HostIdentity other) {
    var differences = new ArrayList<String>();
    if (!architecture.equals(other.architecture)) {
      differences.add("architecture %s, not %s".formatted(other.architecture, architecture));
    }
    if (width != other.width) {
      differences.add("width %d, not %d".formatted(other.width, width));
    }
    if (blocks != other.blocks) {
      differences.add("%d blocks, not %d".formatted(other.blocks, blocks));
    }
    if (!norms.equals(other.norms)) {
      differences.add(
          "other weights (digest of the norms %s, not %s)".formatted(other.norms, norms));
    }
    return differences;
  }
}

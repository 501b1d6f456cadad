package dev.mneme;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;

/**
 * The mixed next-token distribution {@code p = (1 - Σλᵢ)·p_host + Σλᵢ·p_memoryᵢ} (kNN-LM, arXiv
 * 1911.00172, equation 3; Memory Decoder, arXiv 2508.09874, section 3.3).
 *
 * <p>Pure arithmetic on rows of logits: load the host's row and each memory's, {@link #weigh}, then
 * ask. A weight of 0 leaves its source out altogether, so λ = 0 gives the host's numbers bit for
 * bit and λ = 1 the memory's. An id that only the host names gets nothing from the memory, and one
 * that only a memory names gets nothing at all while a memory has weight; the rest of each row then
 * sums to 1. All memory is allocated at construction; one thread at a time.
 *
 * <p>Probabilities to draw from are floats and vanish below about 1e-38; the log-probability of a
 * token is computed from the logits in double and does not.
 */
public final class Mixture {

  /** How far a sum of weights may pass 1 by rounding. */
  static final double SLACK = 1e-9;

  private final SoftmaxRow host;
  private final SoftmaxRow hostBesideMemories; // without the ids that only they name
  private final boolean hostHidesIds;
  private final SoftmaxRow[] sources; // the host in one form or the other, then the memories
  private final double[] weights;
  private final float[] probabilities;
  private MemorySegment hostLogits = MemorySegment.NULL;

  /**
   * @param width floats in the host's rows; memories' shorter rows give the rest probability 0
   * @param memories number of memories, 0 or more, which name the same ids as the host
   */
  public Mixture(int width, int memories) {
    this(width, memories, Softmax.fastest());
  }

  /**
   * @param width as for the other
   * @param memories for each memory the ids that only it or only the host names
   */
  public Mixture(int width, List<UnsharedIds> memories) {
    this(width, memories, Softmax.fastest());
  }

  Mixture(int width, int memories, Softmax kernel) {
    this(width, Collections.nCopies(memories, UnsharedIds.NONE), kernel);
  }

  private Mixture(int width, List<UnsharedIds> memories, Softmax kernel) {
    sources = new SoftmaxRow[1 + memories.size()];
    var fromHost = new BitSet();
    memories.forEach(unshared -> fromHost.or(ids(unshared.memoryOnly(), width)));
    for (int i = 0; i < memories.size(); i++) {
      BitSet fromMemory = ids(memories.get(i).hostOnly(), width);
      fromMemory.or(fromHost);
      sources[1 + i] = new SoftmaxRow(kernel, width, fromMemory);
    }
    host = new SoftmaxRow(kernel, width, new BitSet());
    hostHidesIds = !fromHost.isEmpty();
    hostBesideMemories = hostHidesIds ? new SoftmaxRow(kernel, width, fromHost) : host;
    sources[0] = host;
    weights = new double[sources.length];
    weights[0] = 1;
    probabilities = new float[width];
  }

  private static BitSet ids(List<UnsharedIds.Entry> entries, int width) {
    var ids = new BitSet();
    entries.stream().mapToInt(UnsharedIds.Entry::id).filter(id -> id < width).forEach(ids::set);
    return ids;
  }

  /**
   * Takes the host's row, which must stay valid while this step is asked about.
   *
   * @throws InvalidDistributionException if it holds NaN or infinities
   */
  public void loadHost(MemorySegment logits) {
    hostLogits = logits;
    if (!host.load(logits)) {
      throw new InvalidDistributionException(
          "the host gave NaN or infinite logits; its file is damaged or its arithmetic overflows");
    }
  }

  /**
   * Takes a memory's row, which must stay valid while this step is asked about.
   *
   * @return false if it holds NaN or infinities; the caller then fails or gives it weight 0
   */
  public boolean loadMemory(int memory, MemorySegment logits) {
    return sources[1 + memory].load(logits);
  }

  /** The host's own distribution, with the ids that only memories name. */
  public Distribution host() {
    return host;
  }

  /** A memory's own distribution. */
  public Distribution memory(int memory) {
    return sources[1 + memory];
  }

  /**
   * Sets the weights of this step.
   *
   * @param lambda one weight in [0, 1] per memory, together at most 1
   * @throws IllegalArgumentException otherwise
   */
  public void weigh(double[] lambda) {
    double total = 0;
    for (int i = 0; i < lambda.length; i++) {
      if (!(lambda[i] >= 0 && lambda[i] <= 1)) {
        throw new IllegalArgumentException(
            "lambda of memory %d must lie in [0, 1], but is %s".formatted(i, lambda[i]));
      }
      weights[1 + i] = lambda[i];
      total += lambda[i];
    }
    if (total > 1 + SLACK) {
      throw new IllegalArgumentException(
          "the lambdas of all memories may add up to 1, but add up to " + total);
    }
    weights[0] = Math.max(0, 1 - total);
    // Without a memory's part the host's numbers stay bit for bit.
    sources[0] = total > 0 ? hostBesideMemories : host;
    if (total > 0 && hostHidesIds) {
      hostBesideMemories.load(hostLogits);
    }
  }

  /**
   * The mixed probabilities, to draw from.
   *
   * @return as many floats as the host's rows; overwritten by the next call, and the caller may
   *     overwrite it too
   */
  public float[] probabilities() {
    boolean first = true;
    for (int i = 0; i < sources.length; i++) {
      if (weights[i] == 0) {
        continue;
      }
      if (first) {
        sources[i].writeScaled(weights[i], probabilities);
      } else {
        sources[i].addScaled(weights[i], probabilities);
      }
      first = false;
    }
    return probabilities;
  }

  /** Natural logarithm of a token's mixed probability. */
  public double logProbability(int token) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < sources.length; i++) {
      largest = Math.max(largest, weighted(i, token));
    }
    if (largest == Double.NEGATIVE_INFINITY) {
      return largest;
    }
    double sum = 0;
    for (int i = 0; i < sources.length; i++) {
      sum += Math.exp(weighted(i, token) - largest);
    }
    return largest + Math.log(sum);
  }

  /** {@code ln(λᵢ · pᵢ(token))}; a source without weight is not even looked at. */
  private double weighted(int source, int token) {
    return weights[source] == 0
        ? Double.NEGATIVE_INFINITY
        : sources[source].logProbability(token) + Math.log(weights[source]);
  }

  /**
   * How much of a token's mixed probability came from a memory: {@code λᵢ·pᵢ(token) / p(token)},
   * exact in a mixture.
   *
   * @return in [0, 1]; the host's share is what the memories leave
   */
  public double share(int memory, int token) {
    double mixed = logProbability(token);
    return mixed == Double.NEGATIVE_INFINITY ? 0 : Math.exp(weighted(1 + memory, token) - mixed);
  }
}

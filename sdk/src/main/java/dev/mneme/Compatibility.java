package dev.mneme;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Whether a memory fits a host, with every reason why not, each in words a person can act on.
 *
 * @param memory its name
 * @param host its name
 * @param reasons why it does not fit, each on one line as {@link PrintableText} makes it; none if
 *     it does
 * @param unshared ids that only one of the two names; no reason not to fit
 */
public record Compatibility(
    String memory, String host, List<String> reasons, UnsharedIds unshared) {

  public Compatibility {
    reasons = reasons.stream().map(PrintableText::of).collect(ImmutableList.toImmutableList());
  }

  /** A report of two that name the same ids. */
  public Compatibility(String memory, String host, List<String> reasons) {
    this(memory, host, reasons, UnsharedIds.NONE);
  }

  /**
   * Compares what a memory needs with what a host is. May run the host once to find out what
   * activations it gives.
   *
   * @param memory its name
   * @param vocabulary what its ids mean; must agree with the host's, see {@link Vocabulary}
   * @param reads the activations it reads, if it does
   * @param onForeignHost whether it may read those of a host it was not trained on
   */
  public static Compatibility of(
      HostModel host,
      String memory,
      Vocabulary vocabulary,
      Optional<TappedHost> reads,
      ForeignHostPolicy onForeignHost) {
    var reasons = new ArrayList<String>();
    List<String> differences = host.vocabulary().differencesFrom(vocabulary);
    if (!differences.isEmpty()) {
      reasons.add(
          "token ids mean different things (here: the host, there: the memory), use a memory"
              + " trained for this host's tokenizer: "
              + String.join("; ", differences));
    }
    reads.ifPresent(tapped -> addActivations(host, tapped, onForeignHost, reasons));
    UnsharedIds unshared =
        differences.isEmpty() ? host.vocabulary().unsharedWith(vocabulary) : UnsharedIds.NONE;
    return new Compatibility(memory, host.name(), reasons, unshared);
  }

  private static void addActivations(
      HostModel model, TappedHost reads, ForeignHostPolicy onForeignHost, List<String> reasons) {
    Optional<HostIdentity> identity = model.identity();
    if (identity.isEmpty()) {
      reasons.add(
          "the memory reads the host's activations, but the host's engine gives none; open the host"
              + " with another engine, or use a Memory Decoder");
      return;
    }
    OptionalInt width = model.activationWidth(reads.tap());
    if (width.isEmpty()) {
      reasons.add(
          "the memory reads %s, which the host (%s, %d blocks) does not have"
              .formatted(reads.tap(), identity.get().architecture(), identity.get().blocks()));
    } else if (width.getAsInt() != reads.host().width()) {
      reasons.add(
          "the memory reads activations of width %d, but the host's have %d; use a memory trained on this host"
              .formatted(reads.host().width(), width.getAsInt()));
    }
    List<String> differences = reads.host().differencesFrom(identity.get());
    if (onForeignHost == ForeignHostPolicy.REFUSE && !differences.isEmpty()) {
      reasons.add(
          "the memory was trained on the activations of another host: %s. Use a memory trained on this host; if this is a variant of the same, ForeignHostPolicy.ACCEPT (--force on the command line) attaches it"
              .formatted(String.join("; ", differences)));
    }
  }

  public boolean fits() {
    return reasons.isEmpty();
  }

  /** This report with one more reason. */
  public Compatibility and(String reason) {
    return new Compatibility(
        memory,
        host,
        ImmutableList.<String>builder().addAll(reasons).add(reason).build(),
        unshared);
  }

  /**
   * Does nothing if the memory fits.
   *
   * @throws IncompatibleMemoryException with all the reasons
   */
  public void require() {
    if (!fits()) {
      throw new IncompatibleMemoryException(
          "the memory %s does not fit the host %s:".formatted(memory, host), reasons);
    }
  }
}

package dev.mneme.store.fuzz;

import java.util.Locale;

/** What became of the inputs of one target. Written by one thread, read by any. */
public final class Tally {

  private final AllocationBound bound;
  private long accepted;
  private long refused;
  private long defects;
  private double largestShare;
  private long largestShareNumber;
  private long slowestNanos;
  private long slowestNumber;

  Tally(AllocationBound bound) {
    this.bound = bound;
  }

  synchronized void add(long number, int inputBytes, Verdict verdict) {
    if (verdict.defect().isPresent()) {
      defects++;
    } else if (verdict.accepted()) {
      accepted++;
    } else {
      refused++;
    }
    double share = (double) verdict.allocated() / bound.of(inputBytes);
    if (share > largestShare) {
      largestShare = share;
      largestShareNumber = number;
    }
    if (verdict.cpuNanos() > slowestNanos) {
      slowestNanos = verdict.cpuNanos();
      slowestNumber = number;
    }
  }

  /** Inputs that were read as valid. */
  public synchronized long accepted() {
    return accepted;
  }

  /** Inputs that were refused as they should be. */
  public synchronized long refused() {
    return refused;
  }

  /** Inputs that showed a defect. */
  public synchronized long defects() {
    return defects;
  }

  /** All of it in one line; numbers of inputs in brackets. */
  @Override
  public synchronized String toString() {
    return String.format(
        Locale.ROOT,
        "%,d accepted, %,d refused, %,d defects; most memory %.0f %% of the bound (#%d), most time"
            + " %.1f ms (#%d)",
        accepted,
        refused,
        defects,
        100 * largestShare,
        largestShareNumber,
        slowestNanos / 1e6,
        slowestNumber);
  }
}

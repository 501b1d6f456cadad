package dev.mneme.store.fuzz;

import com.google.common.base.Throwables;
import com.sun.management.ThreadMXBean;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Optional;

/**
 * Makes input after input and judges how its target reads it: it must be accepted or refused with
 * the right exception, within the target's bound of memory. Targets take turns, so a number says
 * which is meant; a seed and a number give the same input at any time. Used by one thread; {@link
 * FuzzWatch} adds a limit of time.
 */
public final class Fuzzer {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final List<FuzzTarget> targets;
  private final long seed;

  /** Inputs for these targets, which whoever made them closes. */
  public Fuzzer(List<? extends FuzzTarget> targets, long seed) {
    this.targets = List.copyOf(targets);
    this.seed = seed;
  }

  public List<FuzzTarget> targets() {
    return targets;
  }

  /** Whom an input is for. */
  public FuzzTarget target(long number) {
    return targets.get((int) (number % targets.size()));
  }

  /** An input. */
  public byte[] input(long number) {
    FuzzTarget target = target(number);
    return target.damage(new Draw(seed, target.name(), number));
  }

  /** Judges an input. */
  public Verdict judge(long number) throws IOException {
    return judge(target(number), input(number));
  }

  /**
   * Judges how a target reads an input. Whoever first goes a way pays for classes to be loaded on
   * it, so what takes too much memory is read once more, and the smaller amount counts.
   */
  public static Verdict judge(FuzzTarget target, byte[] input) throws IOException {
    target.place(input);
    long most = target.bound().of(input.length);
    Verdict first = read(target, input);
    if (first.allocated() <= most || first.defect().isPresent()) {
      return first;
    }
    Verdict second = read(target, input);
    if (second.allocated() <= most) {
      return second;
    }
    return new Verdict(
        second.accepted(),
        Optional.of(
            "allocated %,d bytes for a file of %,d, at most %,d are allowed"
                .formatted(second.allocated(), input.length, most)),
        second.allocated(),
        second.cpuNanos());
  }

  @SuppressWarnings("CatchingUnchecked") // whatever it is, it is what is looked for
  private static Verdict read(FuzzTarget target, byte[] input) {
    long allocated = THREADS.getCurrentThreadAllocatedBytes();
    long start = THREADS.getCurrentThreadCpuTime();
    boolean accepted = false;
    Throwable thrown = null;
    try {
      target.read(input);
      accepted = true;
    } catch (Throwable e) {
      thrown = e;
    }
    long cpuNanos = THREADS.getCurrentThreadCpuTime() - start;
    allocated = THREADS.getCurrentThreadAllocatedBytes() - allocated;
    Optional<String> defect =
        thrown == null || (thrown instanceof MnemeException refusal && target.isRefusal(refusal))
            ? Optional.empty()
            : Optional.of(describe(thrown));
    return new Verdict(accepted, defect, allocated, cpuNanos);
  }

  /** The first lines of the stack trace; those of an overflow are many and alike. */
  private static String describe(Throwable thrown) {
    return String.join("\n", Throwables.getStackTraceAsString(thrown).lines().limit(12).toList());
  }
}

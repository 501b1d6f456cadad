package dev.mneme;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One sequence followed by the host and by every memory at the same time, and the mixture of their
 * rows. Holds the lease on its memories; used by one thread at a time.
 */
final class MixtureSession implements AutoCloseable {

  private final Lease lease;
  private final InvalidMemoryPolicy onInvalidMemory;
  private final Lane<HostSession> host;
  private final List<Lane<MemorySession>> memories = new ArrayList<>();
  private final List<Optional<Tap>> taps;
  private final Mixture mixture;
  private final List<ReadableTokens> readable;
  private final double[] lambda;
  private final int capacity;
  private final int maxBatch;
  private final int hostWidth;
  private final int[] memoryWidths;
  private FloatRows hostRows = FloatRows.of(new float[0], 1);
  private final FloatRows[] memoryRows;
  private int length;
  private int hostOnlySteps;

  /** Opens all sessions; closes the lease itself if one cannot be opened. */
  MixtureSession(Lease lease, int cores, InvalidMemoryPolicy onInvalidMemory) {
    this.lease = lease;
    this.onInvalidMemory = onInvalidMemory;
    HostModel model = lease.host();
    int count = lease.attachments().size();
    taps = lease.attachments().stream().map(a -> a.memory().reads().map(TappedHost::tap)).toList();
    Set<Tap> wanted = taps.stream().flatMap(Optional::stream).collect(Collectors.toSet());
    int tapped = (int) taps.stream().filter(Optional::isPresent).count();
    // Memories that read tokens run beside the host, those that read activations in its place.
    int beside = count - tapped;
    int memoryThreads = Math.max(1, cores / (1 + beside));
    int hostThreads = Math.max(1, cores - beside * memoryThreads);
    int tappedThreads = Math.max(1, hostThreads / Math.max(1, tapped));
    Lane<HostSession> opened = null;
    try {
      String hostName = "the host " + model.name();
      opened =
          new Lane<>(
              model.name(),
              () -> Contract.session(model.openSession(hostThreads, wanted), hostName));
      int smallestCapacity = opened.call(Session::capacity);
      int smallestBatch = opened.call(Session::maxBatch);
      for (Attachment attachment : lease.attachments()) {
        MemoryModule memory = attachment.memory();
        int threads = memory.reads().isPresent() ? tappedThreads : memoryThreads;
        var lane =
            new Lane<>(
                attachment.name(),
                () -> Contract.session(memory.openSession(threads), attachment.owner()));
        memories.add(lane);
        smallestCapacity = Math.min(smallestCapacity, lane.call(Session::capacity));
        smallestBatch = Math.min(smallestBatch, lane.call(Session::maxBatch));
      }
      host = opened;
      capacity = smallestCapacity;
      maxBatch = smallestBatch;
    } catch (RuntimeException | Error e) {
      closeAll(opened, e);
      throw e;
    }
    hostWidth = model.logitWidth();
    memoryWidths = lease.attachments().stream().mapToInt(a -> a.memory().logitWidth()).toArray();
    mixture =
        new Mixture(hostWidth, lease.attachments().stream().map(Attachment::unshared).toList());
    readable = lease.attachments().stream().map(a -> ReadableTokens.of(a.memory())).toList();
    lambda = new double[count];
    memoryRows = new FloatRows[count];
  }

  int length() {
    return length;
  }

  /** The smallest capacity of host and memories. */
  int capacity() {
    return capacity;
  }

  /** The smallest batch of host and memories. */
  int maxBatch() {
    return maxBatch;
  }

  /** What helps where a text does not fit {@link #capacity}, in words. */
  String remedyForLength() {
    HostModel model = lease.host();
    String name = model.name();
    int longest = model.longestContext();
    for (Attachment attachment : lease.attachments()) {
      MemoryModule memory = attachment.memory();
      if (memory.longestContext() < longest) {
        longest = memory.longestContext();
        name = memory.name();
      }
    }
    return longest > capacity
        ? "shorten the text, or open the models with more, up to the %d that %s was trained for"
            .formatted(longest, name)
        : "shorten the text, as %s was trained for no more than %d".formatted(name, longest);
  }

  /** Steps at which a memory was left out for an invalid row. */
  int hostOnlySteps() {
    return hostOnlySteps;
  }

  /** Throws unless the host has a row for each of these ids. */
  void requireIds(int[] ids) {
    Arguments.ids(ids, hostWidth, "the host " + lease.host().name());
  }

  /** Takes in any number of tokens, in batches; only the last gives a row. */
  void prefill(int[] tokens) {
    for (int from = 0; from < tokens.length; from += maxBatch) {
      int to = Math.min(tokens.length, from + maxBatch);
      extend(Arrays.copyOfRange(tokens, from, to), to == tokens.length ? Rows.LAST : Rows.NONE);
    }
  }

  /**
   * Extends the sequence in host and memories at once, memories that read activations as soon as
   * the host has them. If one fails, the others go back to where they were and the failure is
   * thrown.
   */
  void extend(int[] tokens, Rows rows) {
    if (length + tokens.length > capacity) {
      throw new ContextOverflowException(
          "%d tokens after %d do not fit a context of %d; %s"
              .formatted(tokens.length, length, capacity, remedyForLength()));
    }
    var calls = new ArrayList<@Nullable Future<FloatRows>>();
    for (int i = 0; i < memoryRows.length; i++) {
      int[] read = readable.get(i).of(tokens);
      calls.add(
          taps.get(i).isPresent()
              ? null
              : memories.get(i).start(session -> session.recall(read, rows)));
    }
    RuntimeException failure = null;
    try {
      hostRows =
          Contract.rows(
              host.call(session -> session.forward(tokens, rows)),
              rows.count(tokens.length),
              hostWidth,
              "the host " + lease.host().name());
      startReaders(tokens, rows, calls);
    } catch (RuntimeException e) {
      failure = e;
    }
    for (int i = 0; i < memoryRows.length; i++) {
      Future<FloatRows> call = calls.get(i);
      try {
        memoryRows[i] = call == null ? FloatRows.NONE : checked(i, Lane.await(call), tokens, rows);
      } catch (RuntimeException e) {
        failure = failure == null ? e : suppress(failure, e);
      }
    }
    if (failure != null) {
      try {
        truncateAll(length);
      } catch (RuntimeException e) {
        failure.addSuppressed(e);
      }
      throw failure;
    }
    length += tokens.length;
  }

  private FloatRows checked(int memory, FloatRows given, int[] tokens, Rows rows) {
    return Contract.rows(
        given,
        rows.count(tokens.length),
        memoryWidths[memory],
        lease.attachments().get(memory).owner());
  }

  /** Starts the memories that read activations, once the host has left all of them. */
  private void startReaders(int[] tokens, Rows rows, List<@Nullable Future<FloatRows>> calls) {
    List<FloatRows> activations =
        host.call(
            session ->
                taps.stream()
                    .map(tap -> tap.map(session::activations).orElse(FloatRows.NONE))
                    .toList());
    for (int i = 0; i < taps.size(); i++) {
      if (taps.get(i).isPresent()) {
        FloatRows read = activations.get(i);
        int[] ids = readable.get(i).of(tokens);
        calls.set(i, memories.get(i).start(session -> session.recall(ids, read, rows)));
      }
    }
  }

  private static RuntimeException suppress(RuntimeException first, RuntimeException further) {
    first.addSuppressed(further);
    return first;
  }

  /** Forgets the tail in host and memories. */
  void truncate(int newLength) {
    truncateAll(newLength);
    length = newLength;
  }

  private void truncateAll(int newLength) {
    host.call(session -> forget(session, newLength));
    for (Lane<MemorySession> memory : memories) {
      memory.call(session -> forget(session, newLength));
    }
  }

  private static boolean forget(Session session, int length) {
    session.truncate(Math.min(length, session.length()));
    return true;
  }

  /**
   * Mixes one of the rows the last {@link #extend} gave.
   *
   * @return the mixture, to be asked before the next call
   */
  Mixture mix(int row) {
    mixture.loadHost(hostRows.row(row));
    boolean hostOnly = false;
    double total = 0;
    for (int i = 0; i < lambda.length; i++) {
      Attachment attachment = lease.attachments().get(i);
      if (loaded(attachment, i, row)) {
        Double fixed = attachment.use().lambda();
        lambda[i] =
            fixed == null ? attachment.ask(mixture.host(), mixture.memory(i), length) : fixed;
      } else if (onInvalidMemory == InvalidMemoryPolicy.USE_HOST) {
        lambda[i] = 0;
        hostOnly = true;
      } else {
        throw new InvalidDistributionException(
            "memory %s gave NaN or infinite logits at position %d; its weights are damaged or its numbers overflowed (InvalidMemoryPolicy.USE_HOST would leave it out)"
                .formatted(attachment.name(), length));
      }
      total += lambda[i];
    }
    if (total > 1 + Mixture.SLACK) {
      throw new ContractViolationException(
          "the policies of the memories %s gave the lambdas %s at position %d; together they may be at most 1"
              .formatted(
                  lease.attachments().stream().map(Attachment::name).toList(),
                  Arrays.toString(lambda),
                  length));
    }
    mixture.weigh(lambda);
    if (hostOnly) {
      hostOnlySteps++;
    }
    return mixture;
  }

  private boolean loaded(Attachment attachment, int memory, int row) {
    try {
      return mixture.loadMemory(memory, memoryRows[memory].row(row));
    } catch (IllegalStateException | WrongThreadException e) {
      throw new ContractViolationException(
          "%s gave rows that cannot be read after its call: %s; they must stay valid until its session's next call, for every thread"
              .formatted(attachment.owner(), e.getMessage()),
          e);
    }
  }

  Lease lease() {
    return lease;
  }

  @Override
  public void close() {
    closeAll(host, null);
  }

  private void closeAll(@Nullable Lane<HostSession> hostLane, @Nullable Throwable because) {
    var closeables = new ArrayList<AutoCloseable>(memories);
    if (hostLane != null) {
      closeables.add(hostLane);
    }
    closeables.add(lease);
    Throwable failure = because;
    for (AutoCloseable closeable : closeables) {
      try {
        closeable.close();
      } catch (Exception e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (because == null && failure != null) {
      throw failure instanceof RuntimeException e
          ? e
          : new MnemeException("closing a session failed", failure);
    }
  }
}

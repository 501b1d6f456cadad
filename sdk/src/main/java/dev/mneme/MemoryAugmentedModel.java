package dev.mneme;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A frozen host with the memories attached to it now: what applications hold.
 *
 * <p>Safe for use by several threads. Every generation and every scoring works to its end with the
 * memories it started with, whatever is attached, swapped or detached meanwhile; the next one sees
 * the change. The model owns the host and its memories: a memory closes when it is no longer
 * attached and the last call using it has ended, the host likewise after {@link #close()}.
 *
 * <p>Each call opens sessions of its own, one thread each, so calls running at once share the
 * machine's cores; a server limits how many.
 */
public final class MemoryAugmentedModel implements AutoCloseable {

  private final Shared<HostModel> host;
  private final ModelOptions options;
  private List<Attachment> attachments = ImmutableList.of(); // guarded by this, replaced whole
  private boolean closed;

  private MemoryAugmentedModel(HostModel host, ModelOptions options) {
    Contract.host(host);
    String what = "the host " + host.name();
    if (host.isClosed()) {
      throw new ClosedException(what + " is closed; open it again");
    }
    this.host = new Shared<>(host, what);
    this.options = options;
  }

  /** A model over a host, as {@link #over(HostModel, ModelOptions)} with the default options. */
  public static MemoryAugmentedModel over(HostModel host) {
    return over(host, ModelOptions.defaults());
  }

  /**
   * A model over a host it takes ownership of, with no memory yet. If this throws, the caller still
   * owns the host.
   *
   * @throws IllegalArgumentException if another model owns the host
   * @throws ClosedException if the host is closed
   * @throws ContractViolationException if what the host says about itself cannot be
   */
  public static MemoryAugmentedModel over(HostModel host, ModelOptions options) {
    return new MemoryAugmentedModel(
        Arguments.present(host, "host"), Arguments.present(options, "options"));
  }

  /** The host; still owned by this model. */
  public HostModel host() {
    return host.get();
  }

  /** What is attached now, in order of attachment. */
  public synchronized List<MemoryUse> memories() {
    return attachments.stream().map(Attachment::use).toList();
  }

  /**
   * Adds a memory. On success the model owns it; if this throws, the caller still does and nothing
   * has changed. A memory that is attached already gets the new policy.
   *
   * @throws IncompatibleMemoryException if its vocabulary is not the host's, or it reads
   *     activations that the host does not give or was not trained on, with every difference
   * @throws IllegalArgumentException if another memory has its name, the fixed lambdas would exceed
   *     1, or another model owns it
   * @throws ClosedException if the memory is closed; detaching and swapping close what they take
   *     off
   * @throws ContractViolationException if the memory or the policy breaks its contract
   */
  public synchronized void attach(MemoryModule memory, LambdaPolicy policy) {
    requirePresent(memory, policy);
    checkOpen();
    Attachment same = holding(memory);
    if (same == null && find(memory.name()) != null) {
      throw new IllegalArgumentException(
          "a memory named %s is attached already; swap it or detach it first"
              .formatted(memory.name()));
    }
    replace(same, memory, policy);
  }

  /**
   * Puts a memory in the place of another, in one step: no call sees neither or both. The memory
   * that is taken off is closed once no call uses it. A memory swapped for itself stays open and
   * gets the new policy. If this throws, nothing has changed.
   *
   * @param name the attached memory to replace
   * @throws IllegalArgumentException if no such memory is attached, or as for {@link #attach}
   * @throws IncompatibleMemoryException as for {@link #attach}
   * @throws ClosedException as for {@link #attach}
   * @throws ContractViolationException as for {@link #attach}
   */
  public void swap(String name, MemoryModule memory, LambdaPolicy policy) {
    Arguments.present(name, "name");
    requirePresent(memory, policy);
    Attachment old;
    synchronized (this) {
      old = required(name);
      Attachment sameName = find(memory.name());
      if (sameName != null && !sameName.equals(old)) {
        throw new IllegalArgumentException(
            "a memory named %s is attached already".formatted(memory.name()));
      }
      replace(old, memory, policy);
    }
    if (old.memory() != memory) {
      old.shared().release(); // closing a large memory takes a while; nobody waits for it
    }
  }

  /**
   * Takes a memory off. It is closed once no call uses it.
   *
   * @throws IllegalArgumentException if no such memory is attached
   */
  public void detach(String name) {
    Arguments.present(name, "name");
    Attachment old;
    synchronized (this) {
      old = required(name);
      attachments =
          attachments.stream().filter(a -> !a.equals(old)).collect(ImmutableList.toImmutableList());
    }
    old.shared().release();
  }

  private static void requirePresent(MemoryModule memory, LambdaPolicy policy) {
    Arguments.present(memory, "memory");
    Arguments.present(policy, "policy");
  }

  /** What only one of the two names. */
  private UnsharedIds requireFit(MemoryModule memory, MemoryUse use) {
    Compatibility found =
        Compatibility.of(
            host(), use.name(), memory.vocabulary(), memory.reads(), options.onForeignHost());
    found.require();
    return found.unshared();
  }

  private void replace(@Nullable Attachment old, MemoryModule memory, LambdaPolicy policy) {
    MemoryUse use = Contract.use(memory, policy);
    if (memory.isClosed()) {
      throw new ClosedException(
          "the memory %s is closed; open it again to attach it".formatted(use.name()));
    }
    boolean same = old != null && old.memory() == memory;
    UnsharedIds unshared = old != null && same ? old.unshared() : requireFit(memory, use);
    requireSum(old, use);
    Shared<MemoryModule> shared =
        old != null && same ? old.shared() : new Shared<>(memory, "the memory " + use.name());
    var added = new Attachment(shared, use, policy, unshared);
    List<Attachment> next = new ArrayList<>(attachments);
    if (old == null) {
      next.add(added);
    } else {
      next.set(next.indexOf(old), added);
    }
    attachments = ImmutableList.copyOf(next);
  }

  private void requireSum(@Nullable Attachment old, MemoryUse use) {
    double total =
        Stream.concat(
                attachments.stream().filter(a -> !a.equals(old)).map(Attachment::use),
                Stream.of(use))
            .map(MemoryUse::lambda)
            .filter(Objects::nonNull)
            .mapToDouble(Double::doubleValue)
            .sum();
    if (total > 1 + 1e-9) {
      throw new IllegalArgumentException(
          "the lambdas of all memories may add up to 1, but with %s they add up to %s"
              .formatted(use.name(), total));
    }
  }

  private @Nullable Attachment find(String name) {
    return attachments.stream().filter(a -> a.name().equals(name)).findFirst().orElse(null);
  }

  private @Nullable Attachment holding(MemoryModule memory) {
    return attachments.stream().filter(a -> a.memory() == memory).findFirst().orElse(null);
  }

  private Attachment required(String name) {
    checkOpen();
    Attachment found = find(name);
    if (found == null) {
      throw new IllegalArgumentException(
          "no memory named %s is attached; attached: %s"
              .formatted(name, attachments.stream().map(Attachment::name).toList()));
    }
    return found;
  }

  private void checkOpen() {
    if (closed) {
      throw new ClosedException("this model is closed");
    }
  }

  /** Generates to the end. */
  public Generation generate(GenerationRequest request) {
    return stream(request, token -> {});
  }

  /**
   * Generates, handing over each token as it is drawn. An interrupt ends the generation with {@link
   * Generation.Finish#CANCELLED}; what the consumer throws ends it too and is thrown here.
   *
   * @throws ContextOverflowException if the prompt does not fit host and memories
   * @throws InvalidDistributionException if a model gives NaN or infinities and no policy allows
   *     for it
   * @throws ContractViolationException if a model, policy or tokenizer breaks its contract
   */
  public Generation stream(GenerationRequest request, Consumer<GeneratedToken> consumer) {
    Arguments.present(request, "request");
    Arguments.present(consumer, "consumer");
    try (MixtureSession session = openSession()) {
      return new Generator(session, request, consumer).run();
    }
  }

  /**
   * Scores a text, from its beginning-of-sequence token on, in one piece.
   *
   * @throws ContextOverflowException if it does not fit; {@link Perplexity} slides a window instead
   * @throws IllegalArgumentException if it has no token that another precedes
   */
  public Score score(String text) {
    Arguments.present(text, "text");
    Tokenizer tokenizer = host().tokenizer();
    long fewest = tokenizer.fewestIds(text);
    int most = host().contextLength();
    if (fewest > most) {
      throw new ContextOverflowException(
          "the text has at least %d tokens, but %s holds %d; score it in windows (Perplexity)"
              .formatted(fewest, host().name(), most));
    }
    return score(Contract.encoded(tokenizer.encode(text), host()));
  }

  /**
   * Scores a sequence of ids, in one piece; see {@link #score(String)}.
   *
   * @param ids at least 2, each in {@code [0, host().logitWidth())}
   */
  public Score score(int... ids) {
    Arguments.present(ids, "ids");
    Arguments.ids(ids, host().logitWidth(), "the host " + host().name());
    if (ids.length < 2) {
      throw new IllegalArgumentException(
          "scoring takes at least 2 tokens, the first of which is only read, but there are "
              + ids.length);
    }
    try (MixtureSession session = openSession()) {
      var tokens = new ArrayList<TokenScore>(ids.length);
      WindowScorer.score(session, ids, 1, tokens::add);
      return new Score(List.copyOf(tokens), session.lease().uses());
    }
  }

  /** Opens sessions on the memories attached now, with a lease on them. */
  MixtureSession openSession() {
    return new MixtureSession(lease(), options.cores(), options.onInvalidMemory());
  }

  private synchronized Lease lease() {
    checkOpen();
    // Ownership holds every resource open while this lock is held, so no lease can fail.
    host.lease();
    attachments.forEach(attachment -> attachment.shared().lease());
    return new Lease(host, attachments);
  }

  /** Detaches everything and lets go of the host; calls still running end normally first. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    attachments.forEach(attachment -> attachment.shared().release());
    attachments = ImmutableList.of();
    host.release();
  }
}

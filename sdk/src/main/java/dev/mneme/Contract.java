package dev.mneme;

import org.jspecify.annotations.Nullable;

/**
 * Checks of what implementations of Mneme's interfaces give, at the place where it comes in. An
 * application may bring its own host, memory, policy or tokenizer.
 */
final class Contract {

  private Contract() {}

  /**
   * The value itself.
   *
   * @param owner who gave it, as {@code the memory law}
   * @param what it is, as {@code vocabulary()}
   */
  static <T> T given(@Nullable T value, String owner, String what) {
    if (value == null) {
      throw new ContractViolationException("%s gave null as its %s".formatted(owner, what));
    }
    return value;
  }

  /** What a memory and its policy say about themselves, checked. */
  static MemoryUse use(MemoryModule memory, LambdaPolicy policy) {
    String name = given(memory.name(), "a memory of " + memory.getClass(), "name()");
    if (name.isBlank()) {
      throw new ContractViolationException(
          "a memory of %s has an empty name()".formatted(memory.getClass()));
    }
    String owner = "the memory " + name;
    String digest = given(memory.digest(), owner, "digest()");
    given(memory.reads(), owner, "reads()");
    sizes(owner, memory.vocabulary(), memory.logitWidth(), memory.contextLength());
    return new MemoryUse(name, digest, fixed(policy, owner));
  }

  private static @Nullable Double fixed(LambdaPolicy policy, String owner) {
    var fixed = given(policy.fixed(), "the policy %s of %s".formatted(policy, owner), "fixed()");
    return fixed.isPresent() ? lambda(fixed.getAsDouble(), policy, owner + ", as fixed()") : null;
  }

  /** The weight itself, which must lie in [0, 1]. */
  static double lambda(double lambda, LambdaPolicy policy, String of) {
    if (!(lambda >= 0 && lambda <= 1)) {
      throw new ContractViolationException(
          "the policy %s gave the lambda %s to %s; expected a number in [0, 1]"
              .formatted(policy, lambda, of));
    }
    return lambda;
  }

  /** Throws unless a host says about itself what fits together. */
  static void host(HostModel host) {
    String name = given(host.name(), "a host of " + host.getClass(), "name()");
    sizes("the host " + name, host.vocabulary(), host.logitWidth(), host.contextLength());
  }

  private static void sizes(String owner, @Nullable Vocabulary vocabulary, int width, int context) {
    int ids = given(vocabulary, owner, "vocabulary()").size();
    if (width < Math.max(1, ids)) {
      throw new ContractViolationException(
          "%s has a logitWidth() of %d; expected at least 1 and its vocabulary's size, %d"
              .formatted(owner, width, ids));
    }
    if (context < 1) {
      throw new ContractViolationException(
          "%s has a contextLength() of %d; expected at least 1".formatted(owner, context));
    }
  }

  /** The session itself, if it can be worked with. */
  static <S extends Session> S session(@Nullable S session, String owner) {
    S opened = given(session, owner, "session");
    int capacity = opened.capacity();
    int maxBatch = opened.maxBatch();
    if (capacity < 1 || maxBatch < 1) {
      opened.close();
      throw new ContractViolationException(
          "a session of %s has a capacity() of %d and a maxBatch() of %d; expected at least 1"
              .formatted(owner, capacity, maxBatch));
    }
    return opened;
  }

  /**
   * The rows themselves.
   *
   * @param count rows asked for
   * @param width floats that its model declared for a row
   */
  static FloatRows rows(@Nullable FloatRows rows, int count, int width, String owner) {
    if (rows == null) {
      throw new ContractViolationException(
          "%s gave null; expected %d rows of %d floats".formatted(owner, count, width));
    }
    if (rows.count() != count || (count > 0 && rows.width() != width)) {
      throw new ContractViolationException(
          "%s gave %d rows of %d floats; expected %d rows of %d floats"
              .formatted(owner, rows.count(), rows.width(), count, width));
    }
    return rows;
  }

  /** The ids themselves, which must stand for rows of the host. */
  static int[] encoded(int @Nullable [] ids, HostModel host) {
    String owner = "the tokenizer of the host " + host.name();
    if (ids == null) {
      throw new ContractViolationException(owner + " gave null as the ids of a text");
    }
    for (int id : ids) {
      if (id < 0 || id >= host.logitWidth()) {
        throw new ContractViolationException(
            "%s gave the id %d; expected ids in [0, %d)".formatted(owner, id, host.logitWidth()));
      }
    }
    return ids;
  }
}

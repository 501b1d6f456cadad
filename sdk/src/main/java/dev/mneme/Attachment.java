package dev.mneme;

/**
 * A memory in place, with the policy that weighs it.
 *
 * @param use what it said about itself when it was attached
 * @param unshared ids that only the host or only the memory names
 */
record Attachment(
    Shared<MemoryModule> shared, MemoryUse use, LambdaPolicy policy, UnsharedIds unshared) {

  MemoryModule memory() {
    return shared.get();
  }

  String name() {
    return use.name();
  }

  /** {@code the memory law}, for messages. */
  String owner() {
    return "the memory " + name();
  }

  /** The weight of the next token, from a policy that changes it. */
  double ask(Distribution host, Distribution memory, int position) {
    var ofHost = new ShownDistribution(host);
    var ofMemory = new ShownDistribution(memory);
    try {
      return Contract.lambda(
          policy.lambda(ofHost, ofMemory), policy, owner() + " at position " + position);
    } finally {
      ofHost.end();
      ofMemory.end();
    }
  }
}

package dev.mneme;

/** A memory in place, with the policy that weighs it. */
record Attachment(Shared<MemoryModule> shared, LambdaPolicy policy) {

  MemoryModule memory() {
    return shared.get();
  }

  MemoryUse use() {
    return new MemoryUse(memory().name(), memory().digest(), policy.fixed());
  }
}

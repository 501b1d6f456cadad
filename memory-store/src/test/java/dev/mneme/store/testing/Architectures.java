package dev.mneme.store.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mneme.store.testing.TinyModel.Family;
import java.util.EnumSet;
import java.util.Set;

/**
 * Which families the llama.cpp runs that tests use, for tests that need it: the one that comes with
 * Mneme, b4916, is older than Qwen3; one that {@code mneme.llama.library} names is taken to be
 * newer (b5092). Tests that run on PyTorch or on no engine take all families.
 */
public final class Architectures {

  private static final Set<Family> NEWER = EnumSet.of(Family.QWEN3);

  private Architectures() {}

  /** Whether it has the family's network. */
  public static boolean supported(Family family) {
    boolean bundled = System.getProperty("mneme.llama.library", "").isBlank();
    return !bundled || !NEWER.contains(family);
  }

  /** Skips a test of a family that it does not have. */
  public static void assumeSupported(Family family) {
    assumeTrue(supported(family), "this llama.cpp is older than " + family);
  }
}

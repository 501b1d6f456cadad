package dev.mneme;

import dev.mneme.testing.ActivationMemory;
import dev.mneme.testing.BigramModel;
import dev.mneme.testing.HostModelContract;
import dev.mneme.testing.MemoryModuleContract;
import org.junit.jupiter.api.Nested;

/** The contract suites on the model that the other tests rely on. */
class BigramModelTest {

  private static final int[] TOKENS = {0, 5, 9, 3, 2, 7, 7, 4, 11, 6, 8, 10};

  @Nested
  class AsHost extends HostModelContract {
    @Override
    protected HostModel open() {
      return new BigramModel("host", 1);
    }

    @Override
    protected int[] someTokens() {
      return TOKENS;
    }

    @Override
    protected String sampleText() {
      return "abcdefg";
    }
  }

  @Nested
  class AsMemory extends MemoryModuleContract {
    @Override
    protected MemoryModule open() {
      return new BigramModel("memory", 1);
    }

    @Override
    protected int[] someTokens() {
      return TOKENS;
    }
  }

  @Nested
  class WithActivationMemory extends MemoryModuleContract {
    @Override
    protected MemoryModule open() {
      BigramModel host = new BigramModel("host", 1);
      return new ActivationMemory("memory", host, Tap.lastFeedForwardInput(), 2);
    }

    @Override
    protected int[] someTokens() {
      return TOKENS;
    }
  }
}

package dev.mneme.store;

import com.google.common.base.Preconditions;
import dev.mneme.HostIdentity;
import dev.mneme.TappedHost;
import java.util.regex.Pattern;

/** The kinds of memory a pack can hold, each with what it needs besides token ids. */
public sealed interface PackKind {

  /** The kind's name in {@code pack.json}. */
  String label();

  /** A small transformer that reads token ids (arXiv 2508.09874). */
  record MemoryDecoder() implements PackKind {
    static final String LABEL = "memory-decoder";

    @Override
    public String label() {
      return LABEL;
    }
  }

  /**
   * A stack of feed-forward networks that reads one activation of its host (arXiv 2508.01832).
   *
   * @param reads the host it was trained on, and the place there
   */
  record MlpMemory(TappedHost reads) implements PackKind {
    static final String LABEL = "mlp-memory";

    /** Names as GGUF has them: {@code llama}, {@code command-r}. */
    private static final Pattern ARCHITECTURE = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");

    private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

    /**
     * A kind.
     *
     * @throws IllegalArgumentException if the host's identity is none that a manifest can hold, or
     *     the host has no such block
     */
    public MlpMemory {
      HostIdentity host = reads.host();
      Preconditions.checkArgument(
          isArchitecture(host.architecture())
              && host.width() > 0
              && host.blocks() > 0
              && isDigest(host.norms()),
          "%s identifies no host",
          host);
      Preconditions.checkArgument(
          reads.tap().isIn(host.blocks()),
          "%s is not in a host of %s blocks",
          reads.tap(),
          host.blocks());
    }

    @Override
    public String label() {
      return LABEL;
    }

    static boolean isArchitecture(String text) {
      return ARCHITECTURE.matcher(text).matches();
    }

    static boolean isDigest(String text) {
      return DIGEST.matcher(text).matches();
    }
  }
}

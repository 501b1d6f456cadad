package dev.mneme.store;

import com.google.common.base.Preconditions;

/**
 * What the maker of a pack says of it. Immutable; each {@code with} method gives a changed copy.
 *
 * @param name what applications call it; see {@link PackManifest#name}
 * @param domain for people; may be empty
 * @param lambda mixing weight to start from, 0 to 1
 */
public record PackLabel(String name, PackVersion version, String domain, double lambda) {

  /**
   * The weight the Memory Decoder paper found best for most domains (arXiv 2508.09874v1, section
   * 4); for a pack whose maker recommends none.
   */
  public static final double DEFAULT_LAMBDA = 0.6;

  public PackLabel {
    Preconditions.checkArgument(
        lambda >= 0 && lambda <= 1, "lambda must lie in [0, 1], not %s", lambda);
    lambda += 0.0; // takes a negative zero's sign
  }

  /** The first version, with the default weight. */
  public static PackLabel of(String name, String domain) {
    return new PackLabel(name, PackVersion.FIRST, domain, DEFAULT_LAMBDA);
  }

  public PackLabel withVersion(PackVersion value) {
    return new PackLabel(name, value, domain, lambda);
  }

  public PackLabel withLambda(double value) {
    return new PackLabel(name, version, domain, value);
  }
}

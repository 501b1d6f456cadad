package dev.mneme.store.packs;

import java.math.BigInteger;
import java.util.Set;

/**
 * Points of the curve of Ed25519 that no key and no signature may hold (RFC 8032, sections 5.1 and
 * 8.2). Eight points have an order of at most 8: for such a key some signature fits every message
 * and needs no private key. A point that is not encoded in the one right way may be one of them.
 */
final class EdwardsPoint {

  /** Of a point's encoding. */
  static final int BYTES = 32;

  private static final BigInteger PRIME = BigInteger.TWO.pow(255).subtract(BigInteger.valueOf(19));

  /** The y coordinate of two of the points of order 8. */
  private static final BigInteger OF_ORDER_8 =
      new BigInteger(
          "2707385501144840649318225287225658788936804267575313519463743609750303402022");

  /** The y coordinates of all eight points, which differ in x alone otherwise. */
  private static final Set<BigInteger> SMALL_ORDER =
      Set.of(
          BigInteger.ZERO,
          BigInteger.ONE,
          PRIME.subtract(BigInteger.ONE),
          OF_ORDER_8,
          PRIME.subtract(OF_ORDER_8));

  private EdwardsPoint() {}

  /** Whether a point's y coordinate is one of small order, or not below the field's prime. */
  static boolean isWeak(BigInteger y) {
    return y.compareTo(PRIME) >= 0 || SMALL_ORDER.contains(y);
  }

  /** Whether encoded bytes begin with such a point; the sign of x does not matter. */
  static boolean isWeak(byte[] encoded) {
    byte[] bigEndian = new byte[BYTES];
    for (int i = 0; i < BYTES; i++) {
      bigEndian[BYTES - 1 - i] = encoded[i];
    }
    bigEndian[0] &= 0x7f;
    return isWeak(new BigInteger(1, bigEndian));
  }
}

package dev.mneme.store.packs;

import com.google.common.base.Ascii;
import com.google.common.base.Enums;
import dev.mneme.MnemeException;
import dev.mneme.store.MnemeHome;
import dev.mneme.store.packs.UntrustedPackException.Reason;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whose packs to use. Immutable, safe for several threads.
 *
 * @param policy what a pack that is not vouched for meets with
 * @param keys those who vouch
 * @param clock tells whether a signature has ended
 */
public record Trust(Policy policy, List<TrustedKey> keys, InstantSource clock) {

  private static final Logger log = LoggerFactory.getLogger(Trust.class);

  private static final String VARIABLE = "MNEME_SIGNATURES";

  /** What a pack that no trusted key vouches for meets with. */
  public enum Policy {
    /** Signatures are not looked at. */
    OFF,
    /** A warning in the log. */
    WARN,
    /** A refusal. */
    REQUIRE
  }

  /** Looks at no signature. */
  public static final Trust OFF = new Trust(Policy.OFF, List.of(), InstantSource.system());

  public Trust {
    keys = List.copyOf(keys);
  }

  /** Reads no clock but the system's. */
  public Trust(Policy policy, List<TrustedKey> keys) {
    this(policy, keys, InstantSource.system());
  }

  /**
   * The policy that the environment variable {@code MNEME_SIGNATURES} names (off, warn or require;
   * off where it is not set) and the keys in the file {@link TrustedKey#FILE} of {@link MnemeHome},
   * which is not read where signatures are not looked at.
   *
   * @throws MnemeException if the variable says anything else
   * @throws dev.mneme.MalformedFileException if the file is not one of keys
   */
  public static Trust ofEnvironment() {
    String set = System.getenv().getOrDefault(VARIABLE, "").strip();
    String named = set.isEmpty() ? "off" : set;
    Policy policy =
        Enums.getIfPresent(Policy.class, Ascii.toUpperCase(named))
            .toJavaUtil()
            .orElseThrow(
                () ->
                    new MnemeException(
                        "%s is \"%s\"; set it to off, warn or require".formatted(VARIABLE, named)));
    return policy == Policy.OFF
        ? OFF
        : new Trust(policy, TrustedKey.read(MnemeHome.folder().resolve(TrustedKey.FILE)));
  }

  /**
   * Acts on a pack's signature by the policy.
   *
   * @param manifestBytes the content of {@code pack.json}
   * @param signatureBytes the content of {@code pack.sig}, where there is one
   * @param origin where they came from, for messages
   * @return who vouches for the pack, where somebody does and the policy asks
   * @throws UntrustedPackException if the policy is {@link Policy#REQUIRE} and nobody does
   * @throws dev.mneme.MalformedFileException likewise, if the signature cannot be read
   */
  public Optional<String> check(
      byte[] manifestBytes, Optional<byte[]> signatureBytes, String origin) {
    if (policy == Policy.OFF) {
      return Optional.empty();
    }
    try {
      return Optional.of(signer(manifestBytes, signatureBytes, origin));
    } catch (UntrustedPackException | dev.mneme.MalformedFileException e) {
      if (policy == Policy.REQUIRE) {
        throw e;
      }
      log.warn("{}", e.getMessage());
      return Optional.empty();
    }
  }

  private String signer(byte[] manifestBytes, Optional<byte[]> signatureBytes, String origin) {
    if (signatureBytes.isEmpty()) {
      throw untrusted(
          Reason.MISSING,
          origin,
          "is not signed, but MNEME_SIGNATURES or --signatures asks for it; get a signed copy, or sign it with `mneme pack sign`");
    }
    PackSignature signature =
        PackSignature.parse(origin + "/" + PackSignature.FILE, signatureBytes.get());
    TrustedKey trusted =
        keys.stream()
            .filter(key -> key.key().equals(signature.key()))
            .findFirst()
            .orElseThrow(
                () ->
                    untrusted(
                        Reason.UNKNOWN_KEY,
                        origin,
                        "is signed as by \"%s\" with a key that nobody vouches for; if it is theirs, add it to the trusted keys: %s"
                            .formatted(signature.signer(), signature.key())));
    if (!signature.isGenuine()) {
      throw untrusted(
          Reason.FORGED,
          origin,
          "has a signature that the key of \"%s\" did not make; it was changed after it was signed"
              .formatted(trusted.signer()));
    }
    String digest = PackSignature.digestOf(manifestBytes);
    if (!signature.manifest().equals(digest)) {
      throw untrusted(
          Reason.OTHER_MANIFEST,
          origin,
          "has the signature of another pack, of %s instead of %s"
              .formatted(signature.manifest(), digest));
    }
    if (!signature.signer().equals(trusted.signer())) {
      throw untrusted(
          Reason.OTHER_SIGNER,
          origin,
          "is signed as by \"%s\" with the key of \"%s\""
              .formatted(signature.signer(), trusted.signer()));
    }
    if (clock.instant().isAfter(signature.notAfter())) {
      throw untrusted(
          Reason.EXPIRED,
          origin,
          "has a signature of \"%s\" that ended at %s; get the pack signed anew"
              .formatted(signature.signer(), signature.notAfter()));
    }
    return trusted.signer();
  }

  private static UntrustedPackException untrusted(Reason reason, String origin, String what) {
    return new UntrustedPackException(reason, "the pack %s %s".formatted(origin, what));
  }
}

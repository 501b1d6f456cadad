package dev.mneme.store.packs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.base.Preconditions;
import com.google.common.hash.Hashing;
import dev.mneme.FailureText;
import dev.mneme.MalformedFileException;
import dev.mneme.store.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.EdECPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Who vouches for a pack's manifest, and until when: the content of {@code pack.sig}. An Ed25519
 * signature (RFC 8032) over a {@link #statement} that names the manifest by its digest, so it holds
 * for every byte of every file the manifest lists. It says who made a pack, not that the pack is
 * any good.
 *
 * @param manifest {@code sha256:} and 64 hex digits, the pack's digest
 * @param signer who signs, in one line
 * @param notAfter when the signature ends, in whole seconds
 * @param key the public key, X.509 SubjectPublicKeyInfo in base64
 * @param signature 64 bytes in base64
 */
public record PackSignature(
    String manifest, String signer, Instant notAfter, String key, String signature) {

  /** The file's name in a pack. */
  public static final String FILE = "pack.sig";

  static final String ALGORITHM = "Ed25519";

  private static final int SCHEMA_VERSION = 1;
  private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");
  private static final Pattern SIGNER =
      Pattern.compile("[^\\p{Cntrl}\\s]([^\\p{Cntrl}]{0,198}[^\\p{Cntrl}\\s])?");
  private static final Set<String> FIELDS =
      Set.of("schemaVersion", "manifest", "signer", "notAfter", "key", "signature");
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /**
   * Signs a manifest.
   *
   * @param manifestBytes the content of {@code pack.json}
   * @param signer 1 to 200 characters without line breaks, no blank at either end
   * @throws IllegalArgumentException if the signer is not such a line or the keys are not Ed25519's
   */
  public static PackSignature sign(
      byte[] manifestBytes, String signer, Instant notAfter, KeyPair keys) {
    Preconditions.checkArgument(
        SIGNER.matcher(signer).matches(),
        "a signer is 1 to 200 characters in one line, not \"%s\"",
        signer);
    Instant seconds = notAfter.truncatedTo(ChronoUnit.SECONDS);
    String manifest = digestOf(manifestBytes);
    try {
      Signature signing = Signature.getInstance(ALGORITHM);
      signing.initSign(keys.getPrivate());
      signing.update(statement(manifest, signer, seconds));
      Base64.Encoder base64 = Base64.getEncoder();
      return new PackSignature(
          manifest,
          signer,
          seconds,
          base64.encodeToString(keys.getPublic().getEncoded()),
          base64.encodeToString(signing.sign()));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("the keys cannot sign: " + FailureText.of(e), e);
    }
  }

  /**
   * Reads the file.
   *
   * @param origin where the bytes came from, for messages
   * @throws MalformedFileException naming the field that is wrong
   */
  public static PackSignature parse(String origin, byte[] bytes) {
    JsonValue json = JsonValue.parse(origin, bytes);
    JsonValue version = json.get("schemaVersion");
    if (version.integer(Integer.MIN_VALUE, Integer.MAX_VALUE) != SCHEMA_VERSION) {
      throw version.unlike(SCHEMA_VERSION + ", the only version this release reads");
    }
    for (Map.Entry<String, JsonValue> member : json.members().entrySet()) {
      if (!FIELDS.contains(member.getKey())) {
        throw member.getValue().unlike("absent: schema version 1 has no such field");
      }
    }
    return new PackSignature(
        matching(json.get("manifest"), DIGEST, "\"sha256:\" and 64 lower-case hex digits"),
        matching(json.get("signer"), SIGNER, "1 to 200 characters in one line"),
        instant(json.get("notAfter")),
        key(json.get("key")),
        signature(json.get("signature")));
  }

  private static String matching(JsonValue value, Pattern pattern, String expected) {
    if (!pattern.matcher(value.string()).matches()) {
      throw value.unlike(expected);
    }
    return value.string();
  }

  private static Instant instant(JsonValue value) {
    try {
      Instant instant = Instant.parse(value.string());
      if (instant.toString().equals(value.string())
          && instant.truncatedTo(ChronoUnit.SECONDS).equals(instant)) {
        return instant;
      }
    } catch (DateTimeParseException e) {
      // Refused below, like other spellings of an instant.
    }
    throw value.unlike("an instant in UTC and whole seconds, as 2030-12-31T00:00:00Z");
  }

  private static String key(JsonValue value) {
    try {
      publicKey(base64(value));
      return value.string();
    } catch (GeneralSecurityException e) {
      throw value.unlike("an Ed25519 public key of full order, X.509 in base64");
    }
  }

  private static String signature(JsonValue value) {
    byte[] bytes = Base64.getDecoder().decode(base64(value));
    if (bytes.length >= EdwardsPoint.BYTES && EdwardsPoint.isWeak(bytes)) {
      throw value.unlike("an Ed25519 signature that begins with a point of full order");
    }
    return value.string();
  }

  private static String base64(JsonValue value) {
    try {
      byte[] bytes = Base64.getDecoder().decode(value.string());
      if (Base64.getEncoder().encodeToString(bytes).equals(value.string())) {
        return value.string();
      }
    } catch (IllegalArgumentException e) {
      // Refused below.
    }
    throw value.unlike("base64");
  }

  /**
   * Reads a public key.
   *
   * @throws GeneralSecurityException if it is none of Ed25519, or one that vouches for everything
   */
  static PublicKey publicKey(String base64) throws GeneralSecurityException {
    byte[] encoded = Base64.getDecoder().decode(base64);
    PublicKey key =
        KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(encoded));
    if (!(key instanceof EdECPublicKey point) || EdwardsPoint.isWeak(point.getPoint().getY())) {
      throw new InvalidKeyException("a key for which anybody can sign");
    }
    return key;
  }

  /** The digest of the pack with this manifest. */
  static String digestOf(byte[] manifestBytes) {
    return "sha256:" + Hashing.sha256().hashBytes(manifestBytes);
  }

  /**
   * What is signed: a first line that no other use of the key has, then one line for each field.
   */
  private static byte[] statement(String manifest, String signer, Instant notAfter) {
    return "mneme pack signature, version 1\n%s\n%s\n%s\n"
        .formatted(manifest, signer, notAfter)
        .getBytes(StandardCharsets.UTF_8);
  }

  /** Whether the key made this signature of these fields. */
  boolean isGenuine() {
    try {
      Signature verifying = Signature.getInstance(ALGORITHM);
      verifying.initVerify(publicKey(key));
      verifying.update(statement(manifest, signer, notAfter));
      return verifying.verify(Base64.getDecoder().decode(signature));
    } catch (GeneralSecurityException e) {
      return false; // bytes that are no signature at all
    }
  }

  /** This signature as the bytes of {@code pack.sig}. */
  public byte[] toBytes() {
    var json =
        MAPPER
            .createObjectNode()
            .put("schemaVersion", SCHEMA_VERSION)
            .put("manifest", manifest)
            .put("signer", signer)
            .put("notAfter", notAfter.toString())
            .put("key", key)
            .put("signature", signature);
    try {
      return (MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n")
          .getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a tree of strings can be written", e);
    }
  }
}

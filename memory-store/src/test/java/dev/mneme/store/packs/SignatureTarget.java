package dev.mneme.store.packs;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.primitives.Bytes;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.fuzz.AllocationBound;
import dev.mneme.store.fuzz.ByteDamage;
import dev.mneme.store.fuzz.Draw;
import dev.mneme.store.fuzz.FuzzTarget;
import dev.mneme.store.fuzz.JsonDamage;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** {@code pack.sig}, read and, where its key is the trusted one, verified. */
public final class SignatureTarget implements FuzzTarget {

  private static final byte[] MANIFEST = ManifestTarget.SEEDS.getFirst();
  private static final String SIGNER = "Law Office <packs@law.example>";

  /** The first of the tests in section 7.1 of RFC 8032, so that every run has the same keys. */
  private static final byte[] SECRET =
      HexFormat.of().parseHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");

  private static final byte[] POINT =
      HexFormat.of().parseHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");

  /** What stands before the point in X.509, RFC 8410. */
  private static final byte[] ENCODING = HexFormat.of().parseHex("302a300506032b6570032100");

  private final PackSignature valid;
  private final Trust trust;

  public SignatureTarget() {
    valid = PackSignature.sign(MANIFEST, SIGNER, Instant.parse("2090-12-31T00:00:00Z"), keys());
    trust = new Trust(Trust.Policy.REQUIRE, List.of(new TrustedKey(valid.key(), SIGNER)));
  }

  private static KeyPair keys() {
    try {
      KeyFactory factory = KeyFactory.getInstance(PackSignature.ALGORITHM);
      PublicKey key = factory.generatePublic(new X509EncodedKeySpec(Bytes.concat(ENCODING, POINT)));
      PrivateKey secret =
          factory.generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, SECRET));
      return new KeyPair(key, secret);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has Ed25519", e);
    }
  }

  @Override
  public String name() {
    return PackSignature.FILE;
  }

  /** Verifying takes 70 kB: it computes with large numbers that are objects. */
  @Override
  public AllocationBound bound() {
    return new AllocationBound(512 << 10, AllocationBound.JSON.perByte());
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(valid.toBytes());
  }

  /** One in three has a damaged key or signature inside base64 that is as it should be. */
  @Override
  public byte[] damage(Draw draw) {
    if (!draw.oneIn(3)) {
      return new JsonDamage(draw, seeds()).apply();
    }
    String original = draw.oneIn(2) ? valid.key() : valid.signature();
    byte[] bytes = Base64.getDecoder().decode(original);
    byte[] damaged = new ByteDamage(draw, List.of(bytes)).apply();
    return new String(valid.toBytes(), UTF_8)
        .replace(original, Base64.getEncoder().encodeToString(damaged))
        .getBytes(UTF_8);
  }

  @Override
  public void read(byte[] input) {
    trust.check(MANIFEST, Optional.of(input), "the pack");
  }

  @Override
  public boolean isRefusal(MnemeException exception) {
    return exception instanceof MalformedFileException
        || exception instanceof UntrustedPackException;
  }
}

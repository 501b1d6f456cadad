import dev.mneme.MnemeException;
import dev.mneme.store.packs.PackSignature;
import dev.mneme.store.packs.Trust;
import dev.mneme.store.packs.TrustedKey;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Trusts a public key and offers signatures that fit every manifest where the key is of small order:
 * the point's own encoding, or the identity's, and the scalar 0. Prints "accepted" or "refused:
 * MESSAGE" for each. Arguments: PACK KEY, the key's 32 bytes in hex
 */
public class WeakKey {
  private static final int KEY_OFFSET = 12; // in the encoded form, after the algorithm
  private static final int POINT = 32;

  public static void main(String[] args) throws Exception {
    byte[] manifest = Files.readAllBytes(Path.of(args[0], "pack.json"));
    byte[] weak = HexFormat.of().parseHex(args[1]);
    PackSignature genuine =
        PackSignature.sign(
            manifest,
            "Office",
            Instant.now().plus(Duration.ofMinutes(15)),
            KeyPairGenerator.getInstance("Ed25519").generateKeyPair());
    byte[] encoded = Base64.getDecoder().decode(genuine.key());
    System.arraycopy(weak, 0, encoded, KEY_OFFSET, POINT);
    String key = Base64.getEncoder().encodeToString(encoded);
    byte[] identity = new byte[POINT];
    identity[0] = 1;
    System.out.println(outcome(manifest, genuine, key, identity));
    System.out.println(outcome(manifest, genuine, key, weak));
  }

  private static String outcome(byte[] manifest, PackSignature genuine, String key, byte[] point) {
    byte[] forged = new byte[2 * POINT];
    System.arraycopy(point, 0, forged, 0, POINT);
    byte[] file =
        new String(genuine.toBytes(), StandardCharsets.UTF_8)
            .replace(genuine.key(), key)
            .replace(genuine.signature(), Base64.getEncoder().encodeToString(forged))
            .getBytes(StandardCharsets.UTF_8);
    try {
      new Trust(Trust.Policy.REQUIRE, List.of(new TrustedKey(key, "Office")))
          .check(manifest, Optional.of(file), "test");
      return "accepted";
    } catch (MnemeException | IllegalArgumentException e) {
      return "refused: " + e.getMessage();
    }
  }
}

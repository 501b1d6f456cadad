package dev.mneme.store.packs;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Points of small order, for which anybody can sign, and other spellings of them. */
class WeakKeyTest {

  private static final int KEY_AT = 12; // in X.509

  private static final byte[] MANIFEST = "{}".getBytes(StandardCharsets.UTF_8);

  @TempDir Path directory;

  private PackSignature good;

  @BeforeEach
  void sign() throws Exception {
    KeyPair keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    good = PackSignature.sign(MANIFEST, "Office", Instant.now().plusSeconds(1000), keys);
  }

  private String key(String hex) {
    byte[] encoded = Base64.getDecoder().decode(good.key());
    System.arraycopy(HexFormat.of().parseHex(hex), 0, encoded, KEY_AT, EdwardsPoint.BYTES);
    return Base64.getEncoder().encodeToString(encoded);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // the eight points
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        // the wrong sign of x = 0
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        // y not below the prime
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
      })
  void aKeyOfSmallOrderIsRefusedWhereverItIsRead(String hex) throws Exception {
    String weak = key(hex);
    assertThatThrownBy(() -> new TrustedKey(weak, "Office"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("full order");
    Path file = Files.writeString(directory.resolve(TrustedKey.FILE), weak + " Office\n");
    assertThatThrownBy(() -> TrustedKey.read(file))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("line 1");
    String text = new String(good.toBytes(), StandardCharsets.UTF_8);
    byte[] withKey = text.replace(good.key(), weak).getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> PackSignature.parse("pack.sig", withKey))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("\"key\"");
    byte[] forged = new byte[2 * EdwardsPoint.BYTES];
    System.arraycopy(HexFormat.of().parseHex(hex), 0, forged, 0, EdwardsPoint.BYTES);
    byte[] withPoint =
        text.replace(good.signature(), Base64.getEncoder().encodeToString(forged))
            .getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> PackSignature.parse("pack.sig", withPoint))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("\"signature\"");
  }
}

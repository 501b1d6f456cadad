package dev.mneme.store.packs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mneme.MalformedFileException;
import dev.mneme.store.packs.UntrustedPackException.Reason;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Signatures, and what becomes of packs whose signature is none or wrong. */
class TrustTest {

  private static final byte[] MANIFEST = "{\"name\":\"law\"}".getBytes(StandardCharsets.UTF_8);
  private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
  private static final Instant LATER = Instant.parse("2027-06-01T12:00:00Z");
  private static final String SIGNER = "Law Office <packs@law.example>";

  private final KeyPair keys = newKeys();
  private final String origin = "law.mpack";

  private static KeyPair newKeys() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static String publicKey(KeyPair keys) {
    return Base64.getEncoder().encodeToString(keys.getPublic().getEncoded());
  }

  private PackSignature signed() {
    return PackSignature.sign(MANIFEST, SIGNER, LATER, keys);
  }

  private Trust trust(Trust.Policy policy) {
    return new Trust(policy, List.of(new TrustedKey(publicKey(keys), SIGNER)), () -> NOW);
  }

  private Optional<String> require(PackSignature signature) {
    return trust(Trust.Policy.REQUIRE).check(MANIFEST, Optional.of(signature.toBytes()), origin);
  }

  private Reason refused(PackSignature signature) {
    return catchThrowableOfType(UntrustedPackException.class, () -> require(signature)).reason();
  }

  @Test
  void aSignatureOfATrustedKeyNamesItsSigner() {
    assertThat(require(signed())).hasValue(SIGNER);
  }

  @Test
  void aSignatureReadsAsItWasWritten() {
    assertThat(PackSignature.parse(origin, signed().toBytes())).isEqualTo(signed());
  }

  @Test
  void noSignatureIsOneReason() {
    assertThatThrownBy(() -> trust(Trust.Policy.REQUIRE).check(MANIFEST, Optional.empty(), origin))
        .isInstanceOfSatisfying(
            UntrustedPackException.class, e -> assertThat(e.reason()).isEqualTo(Reason.MISSING))
        .hasMessageContaining("law.mpack");
  }

  @Test
  void anotherKeyIsOneReason() {
    assertThat(refused(PackSignature.sign(MANIFEST, SIGNER, LATER, newKeys())))
        .isEqualTo(Reason.UNKNOWN_KEY);
  }

  @Test
  void anotherManifestIsOneReason() {
    byte[] other = "{\"name\":\"finance\"}".getBytes(StandardCharsets.UTF_8);
    assertThat(refused(PackSignature.sign(other, SIGNER, LATER, keys)))
        .isEqualTo(Reason.OTHER_MANIFEST);
  }

  @Test
  void anotherSignerWithATrustedKeyIsOneReason() {
    assertThat(refused(PackSignature.sign(MANIFEST, "Somebody Else", LATER, keys)))
        .isEqualTo(Reason.OTHER_SIGNER);
  }

  @Test
  void aSignatureThatEndedIsOneReason() {
    Instant earlier = NOW.minusSeconds(1);
    assertThat(refused(PackSignature.sign(MANIFEST, SIGNER, earlier, keys)))
        .isEqualTo(Reason.EXPIRED);
    assertThat(require(PackSignature.sign(MANIFEST, SIGNER, NOW, keys))).isPresent();
  }

  @Test
  void fieldsChangedAfterSigningAreOneReason() {
    PackSignature s = signed();
    String digest = "sha256:" + "0".repeat(64);
    for (PackSignature changed :
        List.of(
            new PackSignature(digest, s.signer(), s.notAfter(), s.key(), s.signature()),
            new PackSignature(s.manifest(), "Law", s.notAfter(), s.key(), s.signature()),
            new PackSignature(
                s.manifest(), s.signer(), LATER.plusSeconds(1), s.key(), s.signature()),
            new PackSignature(s.manifest(), s.signer(), s.notAfter(), s.key(), "AAAA"))) {
      assertThat(refused(changed)).isEqualTo(Reason.FORGED);
    }
  }

  @Test
  void warningsLetThePackPassButNameNobody() {
    assertThat(trust(Trust.Policy.WARN).check(MANIFEST, Optional.empty(), origin)).isEmpty();
    byte[] nonsense = {1, 2, 3};
    assertThat(trust(Trust.Policy.WARN).check(MANIFEST, Optional.of(nonsense), origin)).isEmpty();
    assertThat(trust(Trust.Policy.WARN).check(MANIFEST, Optional.of(signed().toBytes()), origin))
        .hasValue(SIGNER);
  }

  @Test
  void offLooksAtNothing() {
    byte[] nonsense = {1, 2, 3};
    assertThat(trust(Trust.Policy.OFF).check(MANIFEST, Optional.of(nonsense), origin)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"schemaVersion\" : 1|\"schemaVersion\" : 2|schemaVersion",
        "\"manifest\" : \"sha256:|\"manifest\" : \"sha512:|manifest",
        "\"signer\" : \"Law|\"signer\" : \" Law|signer",
        "2027-06-01T12:00:00Z|2027-06-01T12:00:00.5Z|notAfter",
        "2027-06-01T12:00:00Z|2027-06-01T14:00:00+02:00|notAfter",
        "2027-06-01T12:00:00Z|next year|notAfter",
        "\"key\" : \"|\"key\" : \"AAAA|key",
        "\"signature\" : \"|\"signature\" : \"?|signature",
        "\"signer\" :|\"signers\" :|signer"
      })
  void aSignatureThatBreaksItsSchemaIsRefusedByField(String from, String to, String field) {
    String json = new String(signed().toBytes(), StandardCharsets.UTF_8);
    assertThat(json).contains(from);
    byte[] wrong = json.replace(from, to).getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(
            () -> trust(Trust.Policy.REQUIRE).check(MANIFEST, Optional.of(wrong), origin))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining(field);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " Law", "Law ", "two\nlines", "a\tb"})
  void aSignerThatIsNoLineCannotSign(String signer) {
    assertThatThrownBy(() -> PackSignature.sign(MANIFEST, signer, LATER, keys))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void trustedKeysAreReadFromAFile(@TempDir Path directory) throws Exception {
    Path file = directory.resolve(TrustedKey.FILE);
    assertThat(TrustedKey.read(file)).isEmpty();
    var key = new TrustedKey(publicKey(keys), SIGNER);
    Files.writeString(file, "# whom we trust\n\n" + key.toLine() + "\n");
    assertThat(TrustedKey.read(file)).containsExactly(key);
  }

  @ParameterizedTest
  @ValueSource(strings = {"AAAA Law", "no-base64! Law", "Law"})
  void aLineThatIsNoKeyIsRefusedWithItsNumber(String line, @TempDir Path directory)
      throws Exception {
    Path file = directory.resolve(TrustedKey.FILE);
    Files.writeString(file, "\n" + line + "\n");
    assertThatThrownBy(() -> TrustedKey.read(file))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll(TrustedKey.FILE, "line 2");
  }

  @Test
  void aKeyWithoutSignerIsRefused(@TempDir Path directory) throws Exception {
    Path file = directory.resolve(TrustedKey.FILE);
    Files.writeString(file, publicKey(keys) + "\n");
    assertThatThrownBy(() -> TrustedKey.read(file))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("no signer");
  }
}

package dev.mneme.store.packs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.store.ClassPathModels;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackVersion;
import dev.mneme.store.testing.ModelJar;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever a memory is opened from, a required signature is required. */
class SignaturesEverywhereTest {

  private static final String PACKS = "META-INF/mneme/packs/";

  @TempDir Path directory;

  private MemoryPack law;
  private KeyPair keys;
  private Trust require;

  @BeforeEach
  void makeAPackAndAKey() throws Exception {
    law = new TinyPacks(directory).make("law", PackVersion.FIRST, 1);
    keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    String key = Base64.getEncoder().encodeToString(keys.getPublic().getEncoded());
    require = new Trust(Trust.Policy.REQUIRE, List.of(new TrustedKey(key, "Office")));
  }

  private void sign() throws IOException {
    byte[] manifest = Files.readAllBytes(law.directory().resolve("pack.json"));
    PackSignature signature =
        PackSignature.sign(manifest, "Office", Instant.now().plusSeconds(1000), keys);
    Files.write(law.directory().resolve(PackSignature.FILE), signature.toBytes());
  }

  private ClassPathModels jar(String name) throws IOException {
    Path jar = ModelJar.write(directory.resolve(name), Map.of(PACKS + "law", law.directory()));
    return ClassPathModels.of(
        new URLClassLoader(new URL[] {jar.toUri().toURL()}, null), directory.resolve("cache"));
  }

  @Test
  void anUnsignedFolderIsRefused() {
    assertThatThrownBy(() -> MemoryPack.open(law.directory(), require))
        .isInstanceOf(UntrustedPackException.class)
        .hasMessageContainingAll(law.directory().toString(), "is not signed");
    assertThatThrownBy(() -> MemoryPack.openFresh(law.directory(), require))
        .isInstanceOf(UntrustedPackException.class);
  }

  @Test
  void aPlainModelFolderIsRefused() {
    Path plain = TinyModel.write(TinyModel.directory(directory, "plain"), Family.LLAMA, 2);
    assertThatThrownBy(() -> MemoryPack.open(plain, require))
        .isInstanceOf(UntrustedPackException.class)
        .hasMessageContaining("is not signed");
  }

  @Test
  void aPackInAJarIsRefusedUntilItIsSignedAlsoWhereItsCopyIsCached() throws IOException {
    assertThat(jar("unsigned.jar").pack("law", Trust.OFF).signer()).isEmpty();
    assertThatThrownBy(() -> jar("unsigned.jar").pack("law", require))
        .isInstanceOf(UntrustedPackException.class);
    sign();
    assertThat(jar("signed.jar").pack("law", require).signer()).hasValue("Office");
  }

  @Test
  void aSignedPackIsOpenedAndSaysWhoSigned() throws IOException {
    sign();
    assertThat(MemoryPack.open(law.directory(), require).signer()).hasValue("Office");
    assertThat(MemoryPack.open(law.directory(), Trust.OFF).signer()).isEmpty();
  }

  @Test
  void aPackThatIsInstalledCanBeSignedLater() throws IOException {
    MemoryStore store = MemoryStore.at(directory.resolve("store"));
    TinyPacks.install(store, law);
    assertThatThrownBy(() -> store.lease("law", require))
        .isInstanceOf(UntrustedPackException.class);
    sign();
    TinyPacks.install(store, law);
    try (PackLease lease = store.lease("law", require)) {
      assertThat(lease.pack().signer()).hasValue("Office");
    }
  }

  /** In a JVM of its own, whose environment requires signatures. */
  static final class Requiring {
    private Requiring() {}

    /** Argument: a folder. */
    public static void main(String[] args) {
      try {
        MemoryPack.open(Path.of(args[0]));
        System.out.println("opened");
      } catch (UntrustedPackException e) {
        System.out.println("refused to open");
      }
      try {
        MemoryPack.open(Path.of(args[0]), Trust.OFF).requireTrusted();
        System.out.println("may run");
      } catch (UntrustedPackException e) {
        System.out.println("refused to run");
      }
    }
  }

  private String ran(Optional<String> policy) throws Exception {
    Path log = directory.resolve("log-" + policy.orElse("none"));
    Process process =
        OtherJvm.start(
            Requiring.class,
            log,
            policy.map(value -> Map.of("MNEME_SIGNATURES", value)).orElse(Map.of()),
            law.directory());
    assertThat(process.waitFor()).isZero();
    return Files.readString(log);
  }

  @Test
  void theEnvironmentDecidesWhereNobodyElseDoesAndAgainBeforeAPackRuns() throws Exception {
    assertThat(ran(Optional.of("require"))).contains("refused to open", "refused to run");
    assertThat(ran(Optional.empty())).contains("opened", "may run");
  }
}

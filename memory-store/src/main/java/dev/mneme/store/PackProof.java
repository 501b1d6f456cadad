package dev.mneme.store;

import dev.mneme.store.packs.PackFolder;
import dev.mneme.store.packs.Trust;
import java.nio.file.Path;
import java.util.Optional;

/** What was read of a pack to tell who vouches for it. Immutable. */
final class PackProof {

  private final byte[] manifest;
  private final Optional<byte[]> signature;
  private final Optional<String> signer;

  private PackProof(byte[] manifest, Optional<byte[]> signature, Optional<String> signer) {
    this.manifest = manifest;
    this.signature = signature;
    this.signer = signer;
  }

  /**
   * Acts on a folder's signature by a policy.
   *
   * @param manifest the bytes of its {@code pack.json}
   * @throws dev.mneme.store.packs.UntrustedPackException if the policy requires a signature and
   *     nobody vouches for the folder
   */
  static PackProof of(Path folder, byte[] manifest, Trust trust) {
    Optional<byte[]> signature = PackFolder.signatureIn(folder);
    return new PackProof(manifest, signature, trust.check(manifest, signature, folder.toString()));
  }

  /** As {@link #of}, for a folder without {@code pack.json}, which nobody can sign. */
  static PackProof ofPlainFolder(Path folder, Trust trust) {
    byte[] none = {};
    return new PackProof(
        none, Optional.empty(), trust.check(none, Optional.empty(), folder.toString()));
  }

  boolean isOfPlainFolder() {
    return manifest.length == 0;
  }

  /** Who vouched for the pack when it was opened, where the policy asked. */
  Optional<String> signer() {
    return signer;
  }

  /** Refuses a pack that nobody vouched for, if the environment requires that somebody does. */
  void requireTrusted(Path folder) {
    Trust trust = Trust.ofEnvironment();
    if (trust.policy() == Trust.Policy.REQUIRE && signer.isEmpty()) {
      trust.check(manifest, signature, folder.toString());
    }
  }
}

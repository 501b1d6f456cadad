package dev.mneme.store.packs;

import dev.mneme.HostIdentity;
import dev.mneme.Tap;
import dev.mneme.TappedHost;
import dev.mneme.store.PackKind;
import dev.mneme.store.PackManifest;
import dev.mneme.store.PackVersion;
import dev.mneme.store.fuzz.AllocationBound;
import dev.mneme.store.fuzz.Draw;
import dev.mneme.store.fuzz.FuzzTarget;
import dev.mneme.store.fuzz.JsonDamage;
import dev.mneme.store.hf.HuggingFaceConfig.Architecture;
import java.util.List;

/** {@code pack.json}; what is accepted must give the same bytes again and again. */
public final class ManifestTarget implements FuzzTarget {

  private static final String DIGEST =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

  static final List<PackManifest> MANIFESTS =
      List.of(
          new PackManifest(
              "law",
              new PackVersion(1, 4, 0),
              "law",
              new PackKind.MemoryDecoder(),
              "Statutes and rulings",
              0.6,
              Architecture.LLAMA,
              320,
              List.of(
                  new PackManifest.Entry("config.json", 11, DIGEST),
                  new PackManifest.Entry("model.safetensors", 7, DIGEST))),
          new PackManifest(
              "law-mlp",
              PackVersion.FIRST,
              "",
              new PackKind.MlpMemory(
                  new TappedHost(
                      new HostIdentity("llama", 32, 2, "sha256:" + DIGEST),
                      Tap.lastFeedForwardInput())),
              "",
              1,
              Architecture.MISTRAL,
              320,
              List.of(new PackManifest.Entry("model.safetensors", 23, DIGEST))));

  static final List<byte[]> SEEDS = MANIFESTS.stream().map(PackManifest::toBytes).toList();

  @Override
  public String name() {
    return PackManifest.FILE;
  }

  @Override
  public AllocationBound bound() {
    return AllocationBound.JSON;
  }

  @Override
  public List<byte[]> seeds() {
    return SEEDS;
  }

  @Override
  public byte[] damage(Draw draw) {
    return new JsonDamage(draw, SEEDS).apply();
  }

  @Override
  public void read(byte[] input) {
    PackManifest.parse(PackManifest.FILE, input);
  }
}

package dev.mneme.store.fuzz;

import dev.mneme.store.gguf.GgufTarget;
import dev.mneme.store.hf.ConfigTarget;
import dev.mneme.store.hf.TokenizerTarget;
import dev.mneme.store.packs.ArchiveTarget;
import dev.mneme.store.packs.ManifestTarget;
import dev.mneme.store.packs.SignatureTarget;
import dev.mneme.store.safetensors.HeaderTarget;
import dev.mneme.store.safetensors.IndexTarget;
import dev.mneme.store.safetensors.SafeTensorsTarget;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Every format that comes from outside. Whoever makes the list closes it. */
public final class FuzzTargets implements AutoCloseable {

  private final List<FuzzTarget> targets = new ArrayList<>();

  /**
   * Makes them all, in the order that numbers of inputs go by; a new one changes what they mean.
   */
  public FuzzTargets() throws IOException {
    targets.add(new HeaderTarget());
    targets.add(new SafeTensorsTarget());
    targets.add(new IndexTarget());
    targets.add(new GgufTarget());
    targets.add(new ManifestTarget());
    targets.add(new SignatureTarget());
    targets.add(new ArchiveTarget());
    targets.add(new ConfigTarget());
    targets.add(new TokenizerTarget());
  }

  public List<FuzzTarget> list() {
    return List.copyOf(targets);
  }

  public List<String> names() {
    return targets.stream().map(FuzzTarget::name).toList();
  }

  @Override
  public void close() throws IOException {
    for (FuzzTarget target : targets) {
      target.close();
    }
  }
}

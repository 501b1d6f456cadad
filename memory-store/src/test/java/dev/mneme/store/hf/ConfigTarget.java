package dev.mneme.store.hf;

import dev.mneme.MnemeException;
import dev.mneme.store.fuzz.AllocationBound;
import dev.mneme.store.fuzz.Draw;
import dev.mneme.store.fuzz.FileTarget;
import dev.mneme.store.fuzz.JsonDamage;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code config.json} of a model folder, in which everything else is as it should be. */
public final class ConfigTarget extends FileTarget {

  /**
   * The whole folder is read. The valid one takes 310 kB; 4,096 ids of padding and 512 blocks of
   * tensors, the most that a configuration may claim, take 3 MB more.
   */
  private static final AllocationBound BOUND =
      new AllocationBound(4 << 20, AllocationBound.JSON.perByte());

  private final List<byte[]> seeds = new ArrayList<>();

  public ConfigTarget() throws IOException {
    super(HuggingFaceConfig.FILE, HuggingFaceConfig.FILE, BOUND);
    for (Family family : Family.values()) {
      TinyModel.write(folder(), family, 3);
      seeds.add(Files.readAllBytes(path()));
    }
    TinyModel.write(folder(), Family.LLAMA, 3);
  }

  @Override
  public List<byte[]> seeds() {
    return seeds;
  }

  @Override
  public byte[] damage(Draw draw) {
    return new JsonDamage(draw, seeds).apply();
  }

  @Override
  public void read(byte[] input) {
    Path folder = folder();
    HuggingFaceModel.open(folder).close();
  }

  /** Models of other families, and quantised ones, are valid but not supported. */
  @Override
  public boolean isRefusal(MnemeException exception) {
    return true;
  }
}

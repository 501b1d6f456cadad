package dev.mneme.store.safetensors;

import dev.mneme.store.fuzz.Draw;
import dev.mneme.store.fuzz.FileTarget;
import dev.mneme.store.fuzz.JsonDamage;
import java.io.IOException;
import java.util.List;

/** Headers of SafeTensors files, damaged as the JSON they are; the length before them is right. */
public final class HeaderTarget extends FileTarget {

  public HeaderTarget() throws IOException {
    super("safetensors-header", "model.safetensors", SafeTensorsTarget.BOUND);
  }

  @Override
  public List<byte[]> seeds() {
    return SafeTensorsTarget.HEADERS;
  }

  @Override
  public byte[] damage(Draw draw) {
    return new JsonDamage(draw, seeds()).apply();
  }

  @Override
  public void place(byte[] input) throws IOException {
    super.place(SafeTensorsTarget.file(input, SafeTensorsTarget.DATA_BYTES));
  }

  @Override
  public void read(byte[] input) {
    try (SafeTensorsFile file = SafeTensorsFile.open(path())) {
      SafeTensorsTarget.touch(file, SafeTensorsTarget.DATA_BYTES);
    }
  }
}

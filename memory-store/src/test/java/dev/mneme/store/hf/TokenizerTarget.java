package dev.mneme.store.hf;

import dev.mneme.MnemeException;
import dev.mneme.store.fuzz.AllocationBound;
import dev.mneme.store.fuzz.Draw;
import dev.mneme.store.fuzz.FileTarget;
import dev.mneme.store.fuzz.JsonDamage;
import dev.mneme.store.gguf.GgufWriter;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** {@code tokenizer.json}, read and put into GGUF's words. */
public final class TokenizerTarget extends FileTarget {

  /**
   * Valid files take 112 bytes a byte: an entry of ten bytes becomes a token, its bytes, an id in a
   * map, and in GGUF's words a score.
   */
  private static final AllocationBound BOUND = new AllocationBound(768 << 10, 160);

  /** Room for every seed's entries and for ids that are not used. */
  private static final int VOCABULARY = 330;

  private final List<byte[]> seeds = new ArrayList<>();

  public TokenizerTarget() throws IOException {
    super(TokenizerJson.FILE, TokenizerJson.FILE, BOUND);
    for (Family family : List.of(Family.LLAMA, Family.QWEN2, Family.GPT2)) {
      TinyModel.write(folder(), family, 3);
      seeds.add(Files.readAllBytes(path()));
    }
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
    TokenizerJson tokenizer =
        TokenizerJson.read(folder(), VOCABULARY, OptionalInt.of(1), List.of(2));
    new GgufTokenizer(tokenizer).put(new GgufWriter());
  }

  /** Tokenizers of other kinds are valid but not supported. */
  @Override
  public boolean isRefusal(MnemeException exception) {
    return true;
  }
}

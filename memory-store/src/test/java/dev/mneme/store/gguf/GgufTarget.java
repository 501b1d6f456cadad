package dev.mneme.store.gguf;

import dev.mneme.MnemeException;
import dev.mneme.store.fuzz.AllocationBound;
import dev.mneme.store.fuzz.FileTarget;
import java.io.IOException;
import java.util.List;

/** GGUF files: the front part, every value in it, and the vocabulary. */
public final class GgufTarget extends FileTarget {

  private static final List<byte[]> SEEDS =
      List.of(GgufBytes.valid().toByteArray(), withVocabulary().toByteArray());

  /** A buffer of 64 KiB, and some 20 bytes a byte for maps of small values. */
  private static final AllocationBound BOUND = new AllocationBound(96 << 10, 48);

  public GgufTarget() throws IOException {
    super("gguf", "model.gguf", BOUND);
  }

  private static GgufBytes withVocabulary() {
    return GgufBytes.header(1, 8)
        .string("general.alignment")
        .int32(GgufBytes.UINT32)
        .int32(64)
        .string("tokenizer.ggml.model")
        .int32(GgufBytes.STRING)
        .string("llama")
        .string("tokenizer.ggml.tokens")
        .int32(GgufBytes.ARRAY)
        .int32(GgufBytes.STRING)
        .int64(5)
        .string("<unk>")
        .string("<s>")
        .string("</s>")
        .string("<0x0A>")
        .string("\u2581the")
        .string("tokenizer.ggml.token_type")
        .int32(GgufBytes.ARRAY)
        .int32(GgufBytes.INT32)
        .int64(5)
        .int32(2)
        .int32(3)
        .int32(3)
        .int32(6)
        .int32(1)
        .string("tokenizer.ggml.scores")
        .int32(GgufBytes.ARRAY)
        .int32(GgufBytes.FLOAT32)
        .int64(5)
        .zeros(20)
        .string("tokenizer.ggml.bos_token_id")
        .int32(GgufBytes.UINT32)
        .int32(1)
        .string("tokenizer.ggml.eos_token_id")
        .int32(GgufBytes.UINT64)
        .int64(2)
        .string("tokenizer.ggml.add_bos_token")
        .int32(GgufBytes.BOOL)
        .bytes(1)
        .tensor("token_embd.weight", GgufType.Q8_0.id(), 0, 32, 5)
        .padded(64)
        .zeros(34 * 5);
  }

  @Override
  public List<byte[]> seeds() {
    return SEEDS;
  }

  @Override
  public void read(byte[] input) {
    GgufFile file = GgufFile.read(path());
    for (GgufTensor tensor : file.tensors().values()) {
      if (tensor.offset() < 0
          || tensor.bytes() < 0
          || tensor.bytes() > input.length - tensor.offset()) {
        throw new AssertionError("%s in a file of %d bytes".formatted(tensor, input.length));
      }
    }
    file.metadata().forEach((key, value) -> readValue(file, key, value));
    GgufVocabulary.read(file);
  }

  /** By the accessor for its type. */
  private static void readValue(GgufFile file, String key, GgufValue value) {
    switch (value) {
      case GgufValue.Int _ -> file.integer(key);
      case GgufValue.Real _ -> file.real(key);
      case GgufValue.Bool _ -> file.bool(key);
      case GgufValue.Text _ -> file.string(key);
      case GgufValue.Texts _ -> file.byteStrings(key);
      case GgufValue.Numbers numbers when numbers.type() == GgufValue.Type.FLOAT32 ->
          file.floats(key);
      case GgufValue.Numbers numbers when numbers.type().isInteger() -> file.integers(key);
      case GgufValue.Numbers numbers -> numbers.data();
    }
  }

  /** A file without a vocabulary, or with one of another kind, is valid. */
  @Override
  public boolean isRefusal(MnemeException exception) {
    return true;
  }
}

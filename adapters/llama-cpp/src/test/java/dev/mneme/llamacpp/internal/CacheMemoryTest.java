package dev.mneme.llamacpp.internal;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.llamacpp.CacheType;
import dev.mneme.store.WeightType;
import dev.mneme.store.gguf.GgufEdit;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a file says of its cache, against this machine's memory. */
class CacheMemoryTest {

  private static final int LONGEST = Integer.MAX_VALUE;

  @TempDir static Path directory;
  private static Path host = Path.of("");

  @BeforeAll
  static void makeHost() {
    TinyModel.write(directory, Family.LLAMA, 1);
    host = directory.resolve("host.gguf");
    GgufConverter.convertHost(directory, host, WeightType.F32);
  }

  private static ModelShape with(String key, long value) {
    return shape(GgufEdit.of(host).putUint32("llama." + key, value));
  }

  private static ModelShape shape(GgufEdit edit) {
    return ModelShape.of(GgufFile.read(edit.write(directory.resolve("edited.gguf"))));
  }

  private static void require(ModelShape shape, int context, CacheType type) {
    CacheMemory.require(directory.resolve("edited.gguf"), shape, context, type);
  }

  @Test
  void aCacheOfOrdinarySizeIsAllowed() {
    assertThatCode(() -> require(shape(GgufEdit.of(host)), 4096, CacheType.F32))
        .doesNotThrowAnyException();
  }

  /** 2 blocks of 2 pairs of 16 numbers of 4 bytes are 256 bytes a token, 512 GB in all. */
  @Test
  void theSizeIsThatOfKeysAndValuesOfAllBlocks() {
    ModelShape large = with("block_count", 2 * 64);
    assertThatThrownBy(() -> require(large, LONGEST, CacheType.F32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("edited.gguf")
        .hasMessageContaining("2147483647 tokens")
        .hasMessageContaining("would take 32767 GB")
        .hasMessageContaining("this machine's memory of ");
    assertThatThrownBy(() -> require(large, LONGEST, CacheType.F16))
        .hasMessageContaining("would take 16383 GB");
  }

  @Test
  void longerKeysAndMorePairsOfThemTakeMore() {
    ModelShape keys = with("attention.key_length", 1016);
    assertThatThrownBy(() -> require(keys, LONGEST, CacheType.F32))
        .hasMessageContaining("would take 32767 GB");
    ModelShape pairs = with("attention.head_count_kv", 128);
    assertThatThrownBy(() -> require(pairs, LONGEST, CacheType.F32))
        .hasMessageContaining("would take 32767 GB");
  }

  /** Unless matrices for them are there, nothing else checks these numbers. */
  @Test
  void aSizeThatDoesNotFitSixtyFourBitsIsRefused() {
    GgufEdit edit = GgufEdit.of(host);
    edit.putUint32("llama.block_count", 512);
    edit.putUint64("llama.attention.key_length", 1L << 62);
    edit.putUint32("llama.attention.head_count_kv", 1L << 20);
    ModelShape shape = shape(edit);
    assertThatThrownBy(() -> require(shape, 4096, CacheType.F32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("more than this machine's memory");
  }
}

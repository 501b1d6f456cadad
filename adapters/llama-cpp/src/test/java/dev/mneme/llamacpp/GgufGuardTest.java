package dev.mneme.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mneme.FloatRows;
import dev.mneme.HostSession;
import dev.mneme.Rows;
import dev.mneme.store.WeightType;
import dev.mneme.store.gguf.GgufEdit;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufParts;
import dev.mneme.store.gguf.GgufType;
import dev.mneme.store.gguf.GgufValue;
import dev.mneme.store.gguf.GgufWriter;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Keys and tensors of another type, shape or value than llama.cpp takes for granted. The files are
 * opened in another JVM ({@link ChildJvm}), which an abort would end.
 */
class GgufGuardTest {

  @TempDir static Path directory;
  private static Path host = Path.of("");
  private static ChildJvm jvm = new ChildJvm(Path.of(""));

  @BeforeAll
  static void makeModels() {
    jvm = new ChildJvm(directory.resolve("jvm.log"));
    host = converted(Family.LLAMA);
  }

  @AfterAll
  static void endJvm() {
    jvm.close();
  }

  private static Path converted(Family family) {
    Path model = TinyModel.write(TinyModel.directory(directory, family.name()), family, 1);
    Path file = directory.resolve(family.name() + ".gguf");
    GgufConverter.convertHost(model, file, WeightType.F32);
    return file;
  }

  /** Opens a file as a host and calls it with ids. */
  private static String forward(Path file, int... ids) {
    String name = file.toString();
    return jvm.outcome(
        () -> {
          try (LlamaCppHost model = LlamaCppHost.open(Path.of(name));
              HostSession session = model.openSession(1)) {
            FloatRows rows = session.forward(ids, Rows.LAST);
            return rows.count() + " row";
          }
        });
  }

  private static void assertRefused(GgufEdit edit, String... words) {
    Path file = edit.write(directory.resolve("edited.gguf"));
    assertThat(forward(file, 5, 6, 7, 8))
        .startsWith("threw MalformedFileException")
        .contains("edited.gguf")
        .contains(words);
  }

  @Test
  void aModelOfSeveralFiles() {
    List<Path> parts = GgufParts.write(host, directory, "split", 3);
    assertThat(forward(parts.getFirst(), 5, 6, 7, 8)).isEqualTo("returned 1 row");
    assertThat(forward(parts.getLast(), 5))
        .startsWith("threw MalformedFileException")
        .contains("part 3 of a model of 3 files", parts.getFirst().toString());
  }

  @Test
  void aPartOfAModelWhoseNumberIsOfAnotherType() {
    List<Path> parts = GgufParts.write(host, directory, "typed", 2);
    new GgufWriter().putUint32("split.no", 1).write(parts.getLast());
    assertThat(forward(parts.getFirst(), 5))
        .startsWith("threw MalformedFileException")
        .contains("typed-00002-of-00002.gguf", "split.no", "uint16");
  }

  /** llama.cpp takes it for a uint32 without a look. */
  @Test
  void aFileTypeOfAnotherType() {
    for (GgufValue value :
        List.of(
            new GgufValue.Text("x"),
            new GgufValue.Int(GgufValue.Type.UINT64, 1),
            new GgufValue.Real(GgufValue.Type.FLOAT32, 1),
            new GgufValue.Bool(true),
            GgufValue.Texts.of(List.of("a")))) {
      assertRefused(
          GgufEdit.of(host).put("general.file_type", value),
          "general.file_type",
          value.storage(),
          "uint32");
    }
  }

  @Test
  void keysThatEveryArchitectureReadsInOneTypeOnly() {
    assertRefused(GgufEdit.of(host).put("llama.block_count", "2"), "block_count", "string");
    assertRefused(
        GgufEdit.of(host).putUint64("llama.embedding_length", 32), "embedding_length", "uint64");
    assertRefused(
        GgufEdit.of(host)
            .put("llama.rope.freq_base", new GgufValue.Real(GgufValue.Type.FLOAT64, 1e4)),
        "rope.freq_base",
        "float64");
    assertRefused(
        GgufEdit.of(host)
            .put("llama.feed_forward_length", new GgufValue.Real(GgufValue.Type.FLOAT32, 64)),
        "feed_forward_length",
        "float32");
  }

  /** llama.cpp asserts on the type of the items. */
  @Test
  void lengthsOfBlocksThatAreNoWholeNumbers() {
    GgufValue reals = GgufEdit.floats(64, 64);
    Path gpt2 = converted(Family.GPT2);
    assertRefused(
        GgufEdit.of(gpt2).put("gpt2.feed_forward_length", reals),
        "feed_forward_length",
        "an array of float32");
  }

  @Test
  void keysThatNoArchitectureReadsMayBeAnything() {
    Path file =
        GgufEdit.of(host)
            .put("llama.ssm.state_size", "none")
            .put("other.block_count", "many")
            .put("general.tags", GgufValue.Texts.of(List.of("a", "b")))
            .write(directory.resolve("edited.gguf"));
    assertThat(forward(file, 5, 6)).isEqualTo("returned 1 row");
  }

  /** As files of models have them whose blocks differ; here they are alike. */
  @Test
  void oneNumberForEachBlock() {
    Path file =
        GgufEdit.of(host)
            .putInts("llama.attention.head_count", 4, 4)
            .putInts("llama.attention.head_count_kv", 2, 2)
            .putInts("llama.feed_forward_length", 64, 64)
            .write(directory.resolve("edited.gguf"));
    assertThat(forward(file, 5, 6)).isEqualTo("returned 1 row");
  }

  @Test
  void numbersForOtherThanTheBlocksThereAre() {
    assertRefused(
        GgufEdit.of(host).putInts("llama.attention.head_count_kv", 2, 2, 2),
        "head_count_kv",
        "3 items",
        "2 blocks");
    assertRefused(GgufEdit.of(host).putInts("llama.attention.head_count"), "0 items");
  }

  @Test
  void blocksOfOtherHeadsWhereTheArchitectureHasThemAlike() {
    assertRefused(
        GgufEdit.of(host).putInts("llama.attention.head_count_kv", 2, 4), "block 1", "alike");
    assertRefused(
        GgufEdit.of(host).putInts("llama.attention.head_count_kv", 2, 0), "block 1", "1 or more");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 8, 16})
  void tensorsAlignedAtLessThanALibraryNeeds(int alignment) throws IOException {
    Path file = directory.resolve("edited.gguf");
    Files.write(file, GgufEdit.aligned(host, alignment));
    assertThat(forward(file, 5))
        .startsWith("threw MalformedFileException")
        .contains("general.alignment", "is " + alignment);
  }

  /** To ggml a second length of 1 says nothing, so that it takes them for vectors. */
  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "F16", "BF16"})
  void vectorsOfMoreDimensionsThanOne(GgufType type) {
    for (String norm : List.of("blk.0.attn_norm.weight", "output_norm.weight")) {
      assertRefused(
          GgufEdit.of(host).dims(norm, 32L, 1L).type(norm, type), norm, "[32, 1]", type.name());
    }
    assertRefused(
        GgufEdit.of(host).add("blk.0.attn_q.bias", type, 32L, 1L, 1L), "blk.0.attn_q.bias");
    assertRefused(GgufEdit.of(host).add("rope_freqs.weight", type, 32L, 1L), "rope_freqs.weight");
  }

  @Test
  void vectorsInThirtyTwoBitsMayHaveMoreDimensions() {
    Path file =
        GgufEdit.of(host)
            .dims("output_norm.weight", 32L, 1L)
            .add("blk.0.attn_q.bias", GgufType.F32, 32L, 1L)
            .write(directory.resolve("edited.gguf"));
    assertThat(forward(file, 5, 6)).isEqualTo("returned 1 row");
  }

  /** The bundled release fills a mask that no block uses and that so has no memory. */
  @Test
  void aGemmaWithoutABlockOfFullAttention() {
    Path gemma = converted(Family.GEMMA3);
    GgufEdit edit = GgufEdit.of(gemma).putUint32("gemma3.block_count", 5);
    for (String tensor : GgufFile.read(gemma).tensors().keySet()) {
      if (tensor.startsWith("blk.5.") || tensor.startsWith("blk.6.")) {
        edit.remove(tensor);
      }
    }
    String outcome = forward(edit.write(directory.resolve("edited.gguf")), 5, 6);
    if (LlamaCppLibrary.inspect(null).layouts().contains("of b4916 to b4980 (120 bytes)")) {
      assertThat(outcome)
          .startsWith("threw MalformedFileException")
          .contains("gemma3.block_count is 5", "at least 6 blocks");
    } else {
      assertThat(outcome).isEqualTo("returned 1 row");
    }
  }
}

package dev.mneme.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.FloatRows;
import dev.mneme.HostIdentity;
import dev.mneme.MemoryModule;
import dev.mneme.MemorySession;
import dev.mneme.MnemeException;
import dev.mneme.Rows;
import dev.mneme.Tap;
import dev.mneme.TappedHost;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackLabel;
import dev.mneme.store.hf.MlpModel;
import dev.mneme.store.hf.MlpShape.Style;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.testing.ReferenceMlp;
import dev.mneme.store.testing.TinyMlp;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.testing.MemoryModuleContract;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TorchMlpMemoryTest {

  private static final int INPUT = TinyModel.HIDDEN;
  private static final TappedHost HOST =
      new TappedHost(
          new HostIdentity("llama", INPUT, TinyModel.LAYERS, "sha256:" + "0".repeat(64)),
          Tap.lastFeedForwardInput());

  @TempDir static Path directory;

  /** A pack of random weights; made once. */
  private static MemoryPack pack(Style style, int hidden) {
    Path out = directory.resolve("pack-%s-%d".formatted(style, hidden));
    if (Files.exists(out)) {
      return MemoryPack.open(out);
    }
    try {
      Path host = Files.createTempDirectory(directory, "host");
      TinyModel.write(host, TinyModel.Family.LLAMA, 1);
      Path memory = Files.createTempDirectory(directory, "memory");
      TinyMlp.write(memory, style, host, hidden, 5);
      return MemoryPack.importFrom(memory, PackLabel.of("tiny", ""), HOST, out);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private abstract static class Contract extends MemoryModuleContract {
    @Override
    protected int[] someTokens() {
      return IntStream.range(3, 20).toArray();
    }

    /** One row and many are summed in other orders. */
    @Override
    protected double tolerance() {
      return 1e-4;
    }
  }

  @Nested
  class MistralStyle extends Contract {
    @Override
    protected MemoryModule open() {
      return TorchMlpMemory.open(pack(Style.MISTRAL, INPUT));
    }
  }

  @Nested
  class Gpt2StyleBehindATransform extends Contract {
    @Override
    protected MemoryModule open() {
      return TorchMlpMemory.open(pack(Style.GPT2, INPUT + 16));
    }
  }

  private static float[] activations(int rows, long seed) {
    var random = new Random(seed);
    float[] values = new float[rows * INPUT];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float[] recall(MemorySession session, float[] activations) {
    int[] tokens = new int[activations.length / INPUT];
    return session
        .recall(tokens, FloatRows.of(activations, INPUT), Rows.ALL)
        .segment()
        .toArray(ValueLayout.JAVA_FLOAT);
  }

  @ParameterizedTest
  @CsvSource({
    "MISTRAL, 32, FLOAT32, 2e-5",
    "MISTRAL, 48, FLOAT32, 2e-5",
    "GPT2, 32, FLOAT32, 2e-5",
    "GPT2, 48, BFLOAT16, 0.05",
    "MISTRAL, 48, INT8, 0.05",
    "GPT2, 48, INT8, 0.05"
  })
  void rowsAreThoseOfThePlainReference(
      Style style, int hidden, WeightPrecision precision, double tolerance) {
    MemoryPack pack = pack(style, hidden);
    float[] input = activations(7, 3);
    try (TorchMlpMemory memory =
            TorchMlpMemory.open(pack, TorchOptions.defaults().withPrecision(precision));
        MemorySession session = memory.openSession(1);
        MlpModel model = MlpModel.open(pack.directory())) {
      var reference = new ReferenceMlp(model.shape(), model::read);
      float[] found = recall(session, input);
      for (int row = 0; row < 7; row++) {
        double[] expected =
            reference.logits(Arrays.copyOfRange(input, row * INPUT, (row + 1) * INPUT));
        double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        for (int id = 0; id < expected.length; id++) {
          assertThat((double) found[row * expected.length + id])
              .as("row %d, id %d", row, id)
              .isCloseTo(expected[id], within(tolerance * largest));
        }
      }
    }
  }

  @Test
  void aFileThatIsOverwrittenAfterOpeningChangesNothing() throws IOException {
    Path out = directory.resolve("changed");
    Path host = TinyModel.directory(directory, "changed-host");
    TinyModel.write(host, TinyModel.Family.LLAMA, 1);
    Path folder = TinyModel.directory(directory, "changed-memory");
    TinyMlp.write(folder, Style.MISTRAL, host, INPUT, 5);
    MemoryPack pack = MemoryPack.importFrom(folder, PackLabel.of("tiny", ""), HOST, out);
    try (TorchMlpMemory memory = TorchMlpMemory.open(pack);
        MemorySession session = memory.openSession(1)) {
      float[] before = recall(session, activations(2, 3));
      Path weights = out.resolve("model.safetensors");
      Files.write(weights, new byte[(int) Files.size(weights)], StandardOpenOption.WRITE);
      assertThat(recall(session, activations(2, 3))).isEqualTo(before);
    }
  }

  @Test
  void manyRowsAreThoseOfFewAtATime() {
    float[] input = activations(80, 9); // more than the head makes at once
    try (TorchMlpMemory memory = TorchMlpMemory.open(pack(Style.GPT2, INPUT));
        MemorySession session = memory.openSession(1)) {
      float[] all = recall(session, input);
      int width = memory.logitWidth();
      for (int row = 0; row < 80; row++) {
        float[] one = recall(session, Arrays.copyOfRange(input, row * INPUT, (row + 1) * INPUT));
        for (int id = 0; id < width; id++) {
          assertThat(all[row * width + id]).isCloseTo(one[id], within(1e-4f));
        }
      }
    }
  }

  @Test
  void activationsMayLieOffTheHeapAndBeReadOnly() {
    float[] input = activations(3, 4);
    try (TorchMlpMemory memory = TorchMlpMemory.open(pack(Style.MISTRAL, INPUT));
        MemorySession session = memory.openSession(1);
        Arena arena = Arena.ofConfined()) {
      float[] expected = recall(session, input);
      MemorySegment outside = arena.allocateFrom(ValueLayout.JAVA_FLOAT, input).asReadOnly();
      FloatRows rows = session.recall(new int[3], new FloatRows(outside, 3, INPUT), Rows.ALL);
      assertThat(rows.segment().isNative()).isTrue();
      assertThat(rows.segment().toArray(ValueLayout.JAVA_FLOAT)).containsExactly(expected);
    }
  }

  @Test
  void sessionsOnSeveralThreadsGiveWhatOneGives() throws Exception {
    int threads = 4;
    try (TorchMlpMemory memory = TorchMlpMemory.open(pack(Style.MISTRAL, INPUT + 16));
        ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<float[]>> runs = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        runs.add(
            pool.submit(
                () -> {
                  float[] last = new float[0];
                  try (MemorySession session = memory.openSession(1)) {
                    for (int i = 0; i < 50; i++) {
                      last = recall(session, activations(5, i));
                    }
                  }
                  return last;
                }));
      }
      try (MemorySession session = memory.openSession(1)) {
        float[] expected = recall(session, activations(5, 49));
        for (Future<float[]> run : runs) {
          assertThat(run.get()).containsExactly(expected);
        }
      }
    }
  }

  @Test
  void itReadsTheHostThatItsPackNames() {
    MemoryPack pack = pack(Style.MISTRAL, INPUT);
    TorchMlpMemory memory = TorchMlpMemory.open(pack);
    assertThat(memory.reads()).contains(HOST);
    assertThat(memory.digest()).isEqualTo(pack.digest());
    assertThat(memory.contextLength()).isEqualTo(Integer.MAX_VALUE);
    memory.close();
    memory.close(); // harmless
  }

  @ParameterizedTest
  @EnumSource(Style.class)
  void aSavedNetworkIsOpenedWithTheShapeItHad(Style style) throws IOException {
    Path folder = directory.resolve("saved-" + style);
    MemoryPack pack = pack(style, INPUT + 16);
    float[] input = activations(2, 6);
    try (MlpNetwork network = MlpNetwork.open(pack.directory(), false)) {
      network.save(folder, Dtype.F32, 0);
      for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
        if (Files.exists(pack.directory().resolve(file))) {
          Files.copy(pack.directory().resolve(file), folder.resolve(file));
        }
      }
      try (MlpNetwork again = MlpNetwork.open(folder, false)) {
        assertThat(again.shape()).isEqualTo(network.shape());
        assertThat(again.logits(input, 2)).containsExactly(network.logits(input, 2));
      }
    }
  }

  @Test
  void aMemoryDecoderIsRefused() throws IOException {
    Path decoder = Files.createTempDirectory(directory, "decoder");
    TinyModel.write(decoder, TinyModel.Family.LLAMA, 2);
    MemoryPack pack =
        MemoryPack.importFrom(decoder, "decoder", "", directory.resolve("decoder-pack"));
    assertThatThrownBy(() -> TorchMlpMemory.open(pack))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("decoder", "memory-decoder", "mlp-memory");
  }

  @Test
  void givesTheSameLogitsWhenTheGarbageCollectorHasRun() {
    try (MemoryModule memory = TorchMlpMemory.open(pack(Style.MISTRAL, 48));
        MemorySession session = memory.openSession(1)) {
      float[] before = recallOnes(session);
      for (int i = 0; i < 50; i++) {
        ByteBuffer.allocateDirect(1 << 16).put(new byte[1 << 16]);
        System.gc();
      }
      assertThat(recallOnes(session)).isEqualTo(before);
    }
  }

  private static float[] recallOnes(MemorySession session) {
    float[] ones = new float[INPUT];
    Arrays.fill(ones, 1);
    return session
        .recall(new int[] {5}, FloatRows.of(ones, INPUT), Rows.LAST)
        .segment()
        .toArray(ValueLayout.JAVA_FLOAT);
  }
}

package dev.mneme.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import com.google.common.primitives.Floats;
import dev.mneme.FloatRows;
import dev.mneme.MalformedFileException;
import dev.mneme.MemoryModule;
import dev.mneme.Rows;
import dev.mneme.Tap;
import dev.mneme.djl.internal.Script;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.hf.HuggingFaceModel;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.ReferenceDecoder;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import dev.mneme.testing.MemoryModuleContract;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Decoders on PyTorch, on small random models of every family. */
class TorchDecoderTest {

  private static final int[] TOKENS = {5, 100, 101, 257, 32, 258, 100, 7, 90, 33, 12, 64};

  @TempDir static Path directory;

  private static TorchOptions in(WeightPrecision precision) {
    return TorchOptions.defaults().withPrecision(precision);
  }

  private static Path model(Family family) {
    return TinyModel.write(TinyModel.directory(directory, "model-" + family), family, 7);
  }

  private abstract static class Contract extends MemoryModuleContract {

    private final Family family;
    private final WeightPrecision precision;
    private final double tolerance;

    Contract(Family family, WeightPrecision precision, double tolerance) {
      this.family = family;
      this.precision = precision;
      this.tolerance = tolerance;
    }

    @Override
    protected MemoryModule open() {
      Path out = directory.resolve("pack-" + family);
      MemoryPack pack =
          out.toFile().exists()
              ? MemoryPack.open(out)
              : MemoryPack.importFrom(model(family), "law", "law", out);
      return TorchMemoryDecoder.open(pack, in(precision));
    }

    @Override
    protected int[] someTokens() {
      return TOKENS;
    }

    @Override
    protected double tolerance() {
      return tolerance;
    }
  }

  @Nested
  class Llama extends Contract {
    Llama() {
      super(Family.LLAMA, WeightPrecision.FLOAT32, 1e-4);
    }
  }

  @Nested
  class Gpt2 extends Contract {
    Gpt2() {
      super(Family.GPT2, WeightPrecision.FLOAT32, 1e-4);
    }
  }

  @Nested
  class LlamaInBfloat16 extends Contract {
    LlamaInBfloat16() {
      super(Family.LLAMA, WeightPrecision.BFLOAT16, 0.3);
    }
  }

  @Nested
  class Qwen3 extends Contract {
    Qwen3() {
      super(Family.QWEN3, WeightPrecision.FLOAT32, 1e-4);
    }
  }

  @Nested
  class Gemma3 extends Contract {
    Gemma3() {
      super(Family.GEMMA3, WeightPrecision.FLOAT32, 1e-4);
    }
  }

  @Nested
  class Qwen2InInt8 extends Contract {
    Qwen2InInt8() {
      super(Family.QWEN2, WeightPrecision.INT8, 0.3);
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void logitsAgreeWithDoubleArithmeticOnTheSameWeights(Family family) {
    Path folder = model(family);
    try (var reference = new ReferenceDecoder(folder);
        TorchDecoder model = TorchDecoder.open(folder, in(WeightPrecision.FLOAT32));
        TorchDecoderSession session = model.openSession(1, Set.of())) {
      double[][] expected = reference.logits(TOKENS);
      assertClose(session.forward(TOKENS, Rows.ALL), expected, 0, 2e-4);
      session.truncate(0);
      session.forward(Arrays.copyOf(TOKENS, 5), Rows.NONE);
      int[] rest = Arrays.copyOfRange(TOKENS, 5, TOKENS.length);
      assertClose(session.forward(rest, Rows.ALL), expected, 5, 2e-4);
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void activationsAgreeWithDoubleArithmeticAtEveryTap(Family family) {
    Path folder = model(family);
    var taps = new HashSet<Tap>();
    for (int block = 0; block < family.layers(); block++) {
      for (Tap.Point point : Tap.Point.values()) {
        taps.add(new Tap(block, point));
      }
    }
    try (var reference = new ReferenceDecoder(folder);
        TorchDecoder model = TorchDecoder.open(folder, in(WeightPrecision.FLOAT32));
        TorchDecoderSession session = model.openSession(1, taps)) {
      reference.logits(TOKENS);
      session.forward(TOKENS, Rows.ALL);
      for (Tap tap : taps) {
        assertClose(session.activations(tap), reference.activations(tap), 0, 2e-4);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void smallerNumbersStayNearTheSameLogits(Family family) {
    Path folder = model(family);
    try (var reference = new ReferenceDecoder(folder)) {
      double[][] expected = reference.logits(TOKENS);
      for (WeightPrecision precision : Set.of(WeightPrecision.BFLOAT16, WeightPrecision.INT8)) {
        try (TorchDecoder model = TorchDecoder.open(folder, in(precision));
            TorchDecoderSession session = model.openSession(1, Set.of())) {
          FloatRows rows = session.forward(TOKENS, Rows.ALL);
          double[] last = expected[TOKENS.length - 1];
          float[] actual = rows.row(TOKENS.length - 1).toArray(ValueLayout.JAVA_FLOAT);
          assertThat(cosine(actual, last)).as("%s", precision).isGreaterThan(0.998);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(WeightPrecision.class)
  void aWindowEndsAttentionAlsoWhereTokensComeInParts(
      WeightPrecision precision, @TempDir Path folder) {
    TinyModel.write(folder, Family.MISTRAL, 7);
    ModelEdit.json(folder, "config.json", c -> c.put("sliding_window", 5));
    assertWindowed(folder, precision);
  }

  @Test
  void aWindowMayBeginInALaterBlock(@TempDir Path folder) {
    TinyModel.write(folder, Family.QWEN2, 7);
    ModelEdit.json(
        folder,
        "config.json",
        c ->
            c.put("sliding_window", 4).put("use_sliding_window", true).put("max_window_layers", 1));
    assertWindowed(folder, WeightPrecision.FLOAT32);
  }

  @ParameterizedTest
  @EnumSource(WeightPrecision.class)
  void aWindowMayPassBlocksOver(WeightPrecision precision, @TempDir Path folder) {
    TinyModel.write(folder, Family.GEMMA3, 7);
    assertWindowed(folder, precision);
  }

  /** What llama.cpp has in its code, and so cannot run otherwise. */
  @Test
  void aGemma3MayHaveOtherNumbersThanThePublishedOnes(@TempDir Path folder) {
    TinyModel.write(folder, Family.GEMMA3, 7);
    ModelEdit.json(
        folder,
        "config.json",
        c ->
            c.put("sliding_window_pattern", 3)
                .put("rope_local_base_freq", 500)
                .put("query_pre_attn_scalar", 7)
                .putObject("rope_scaling")
                .put("rope_type", "linear")
                .put("factor", 8.0));
    assertWindowed(folder, WeightPrecision.FLOAT32);
  }

  /** At once, in parts shorter and longer than the window, and token by token. */
  private static void assertWindowed(Path folder, WeightPrecision precision) {
    boolean exact = precision == WeightPrecision.FLOAT32;
    try (var reference = new ReferenceDecoder(folder);
        TorchDecoder model = TorchDecoder.open(folder, in(precision));
        TorchDecoderSession session = model.openSession(1, Set.of())) {
      double[][] expected = reference.logits(TOKENS);
      for (int part : new int[] {TOKENS.length, 7, 3, 1}) {
        int kept = part == 3 ? 6 : 0; // of the round before
        session.truncate(kept);
        for (int from = kept; from < TOKENS.length; from += part) {
          int to = Math.min(TOKENS.length, from + part);
          FloatRows rows = session.forward(Arrays.copyOfRange(TOKENS, from, to), Rows.ALL);
          if (exact) {
            assertClose(rows, Arrays.copyOf(expected, to), from, 2e-4);
          } else {
            float[] last = rows.row(to - from - 1).toArray(ValueLayout.JAVA_FLOAT);
            assertThat(cosine(last, expected[to - 1])).isGreaterThan(0.995);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void aFolderStoredInBfloat16RunsAsItIs(Family family, @TempDir Path folder) {
    TinyModel.write(folder, family, 7);
    ModelEdit.bfloat16(folder);
    try (var reference = new ReferenceDecoder(folder)) {
      double[][] expected = reference.logits(TOKENS);
      try (TorchDecoder model = TorchDecoder.open(folder, in(WeightPrecision.FLOAT32));
          TorchDecoderSession session = model.openSession(1, Set.of())) {
        assertClose(session.forward(TOKENS, Rows.ALL), expected, 0, 2e-4);
      }
      try (TorchDecoder model = TorchDecoder.open(folder, TorchOptions.defaults());
          TorchDecoderSession session = model.openSession(1, Set.of())) {
        float[] before = lastRow(session);
        assertThat(cosine(before, expected[TOKENS.length - 1])).isGreaterThan(0.998);
        collectGarbage();
        session.truncate(0);
        assertThat(lastRow(session)).isEqualTo(before);
      }
    }
  }

  private static float[] lastRow(TorchDecoderSession session) {
    return session.forward(TOKENS, Rows.LAST).row(0).toArray(ValueLayout.JAVA_FLOAT);
  }

  @Test
  void manyRowsOfLogitsAreThoseOfFewAtATime() {
    int[] many = new int[80]; // more than the head makes at once
    Arrays.setAll(many, i -> TOKENS[i % TOKENS.length] + i % 3);
    try (TorchDecoder model = TorchDecoder.open(model(Family.LLAMA), in(WeightPrecision.FLOAT32));
        TorchDecoderSession session = model.openSession(1, Set.of())) {
      float[] all = session.forward(many, Rows.ALL).segment().toArray(ValueLayout.JAVA_FLOAT);
      session.truncate(0);
      for (int i = 0; i < many.length; i++) {
        FloatRows row = session.forward(new int[] {many[i]}, Rows.LAST);
        for (int id = 0; id < row.width(); id++) {
          assertThat(all[i * row.width() + id]).isCloseTo(row.get(0, id), within(2e-4f));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "FLOAT32, false",
    "BFLOAT16, false",
    "INT8, false",
    "FLOAT32, true",
    "BFLOAT16, true",
    "INT8, true"
  })
  void aMatrixTooLargeForOneBufferIsPutTogetherFromParts(
      WeightPrecision precision, boolean storedInBfloat16, @TempDir Path folder) {
    TinyModel.write(folder, Family.QWEN2, 7);
    if (storedInBfloat16) {
      ModelEdit.bfloat16(folder);
    }
    try (HuggingFaceModel model = HuggingFaceModel.open(folder)) {
      WeightSlots slots = WeightSlots.of(model, precision);
      String text = DecoderInferenceScript.of(model.config().shape(), slots, precision);
      long fewRows = 3L * TinyModel.HIDDEN * Float.BYTES + 1;
      try (var script = new Script(ScriptedWeights.CLASS, text);
          var whole =
              InferenceWeights.read(
                  model.directory(), model.tensors(), slots, precision, script, Integer.MAX_VALUE);
          var joined =
              InferenceWeights.read(
                  model.directory(), model.tensors(), slots, precision, script, fewRows)) {
        assertThat(values(script, joined)).isEqualTo(values(script, whole));
      }
    }
  }

  private static List<List<Float>> values(Script script, InferenceWeights weights) {
    List<List<Float>> values = new ArrayList<>();
    for (PtNDArray tensor : weights.tensors()) {
      try (IValue argument = IValue.from(tensor);
          IValue type = IValue.from(6L);
          IValue floats = script.run("converted", argument, type);
          PtNDArray array = floats.toTensor(tensor.getManager())) {
        values.add(Floats.asList(array.toFloatArray()));
      }
    }
    return values;
  }

  /** PyTorch's product in 8 bits reads past rows that are no multiple of its step. */
  @Test
  void matricesOfAnyWidthAreMultipliedIn8Bits(@TempDir Path folder) {
    TinyModel.write(folder, Family.LLAMA, 7);
    int width = 172;
    ModelEdit.json(folder, "config.json", c -> c.put("intermediate_size", width));
    var random = new Random(8);
    ModelEdit.tensors(
        folder,
        tensors -> {
          for (int i = 0; i < TinyModel.LAYERS; i++) {
            for (String name : List.of("gate_proj", "up_proj", "down_proj")) {
              String full = "model.layers." + i + ".mlp." + name + ".weight";
              float[] values = new float[width * TinyModel.HIDDEN];
              for (int j = 0; j < values.length; j++) {
                values[j] = (float) (0.2 * random.nextGaussian());
              }
              boolean down = name.equals("down_proj");
              long rows = down ? TinyModel.HIDDEN : width;
              long columns = down ? width : TinyModel.HIDDEN;
              tensors.put(full, Entry.of(full, List.of(rows, columns), values));
            }
          }
        });
    try (var reference = new ReferenceDecoder(folder);
        TorchDecoder model = TorchDecoder.open(folder, in(WeightPrecision.INT8));
        TorchDecoderSession session = model.openSession(1, Set.of())) {
      double[][] expected = reference.logits(TOKENS);
      for (int round = 0; round < 50; round++) {
        session.truncate(0);
        FloatRows rows = session.forward(TOKENS, Rows.ALL);
        for (int t = 0; t < TOKENS.length; t++) {
          float[] actual = rows.row(t).toArray(ValueLayout.JAVA_FLOAT);
          assertThat(cosine(actual, expected[t])).as("token %d", t).isGreaterThan(0.995);
        }
      }
    }
  }

  private static double cosine(float[] a, double[] b) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += b[i] * b[i];
    }
    return ab / Math.sqrt(aa * bb);
  }

  private static void assertClose(
      FloatRows actual, double[][] expected, int first, double tolerance) {
    assertThat(actual.count()).isEqualTo(expected.length - first);
    for (int t = 0; t < actual.count(); t++) {
      for (int i = 0; i < actual.width(); i++) {
        assertThat((double) actual.get(t, i))
            .as("token %d float %d", first + t, i)
            .isCloseTo(expected[first + t][i], within(tolerance));
      }
    }
  }

  @Test
  void aContextThatTheModelWasNotTrainedForIsRefused() {
    Path folder = model(Family.LLAMA);
    assertThatThrownBy(
            () ->
                TorchDecoder.open(
                    folder, TorchOptions.defaults().withContextLength(TinyModel.CONTEXT + 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(Integer.toString(TinyModel.CONTEXT));
  }

  @Test
  void aWeightThatIsNotANumberIsRefusedByName(@TempDir Path folder) {
    TinyModel.write(folder, Family.LLAMA, 7);
    String name = "model.layers.1.mlp.up_proj.weight";
    ModelEdit.tensors(
        folder,
        tensors -> {
          float[] values = new float[TinyModel.FFN * TinyModel.HIDDEN];
          values[3] = Float.NaN;
          List<Long> shape = List.of((long) TinyModel.FFN, (long) TinyModel.HIDDEN);
          tensors.put(name, Entry.of(name, shape, values));
        });
    assertThatThrownBy(() -> TorchDecoder.open(folder, TorchOptions.defaults()))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining(name);
  }

  @Test
  void aModelWithOpenSessionsDoesNotClose() {
    Path folder = model(Family.LLAMA);
    try (TorchDecoder model = TorchDecoder.open(folder, TorchOptions.defaults())) {
      try (TorchDecoderSession session = model.openSession(1, Set.of())) {
        assertThatThrownBy(model::close).isInstanceOf(IllegalStateException.class);
        assertThat(session.forward(TOKENS, Rows.LAST).count()).isOne();
      }
    }
  }

  @Test
  void givesTheSameLogitsWhenTheGarbageCollectorHasRun() {
    try (TorchDecoder model = TorchDecoder.open(model(Family.QWEN2), TorchOptions.defaults());
        TorchDecoderSession session = model.openSession(1, Set.of())) {
      float[] before = session.forward(TOKENS, Rows.ALL).segment().toArray(ValueLayout.JAVA_FLOAT);
      collectGarbage();
      session.truncate(0);
      float[] after = session.forward(TOKENS, Rows.ALL).segment().toArray(ValueLayout.JAVA_FLOAT);
      assertThat(after).isEqualTo(before);
    }
  }

  private static void collectGarbage() {
    for (int i = 0; i < 50; i++) {
      ByteBuffer.allocateDirect(1 << 16).put(new byte[1 << 16]);
      System.gc();
    }
  }
}

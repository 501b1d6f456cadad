package dev.mneme.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.pytorch.jni.JniUtils;
import dev.mneme.HostLoader;
import dev.mneme.HostModel;
import dev.mneme.HostSession;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.Rows;
import dev.mneme.Sampling;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import dev.mneme.testing.HostModelContract;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hugging Face folders as hosts. */
class TorchHostTest {

  @TempDir Path directory;

  @BeforeEach
  void writeAModel() {
    TinyModel.write(directory, Family.LLAMA, 3);
  }

  private abstract class Contract extends HostModelContract {

    private final Family family;

    Contract(Family family) {
      this.family = family;
    }

    @Override
    protected HostModel open() {
      Path folder = TinyModel.directory(directory, family.name());
      return TorchHost.open(TinyModel.write(folder, family, 3));
    }

    @Override
    protected int[] someTokens() {
      return new int[] {5, 100, 101, 257, 32, 258, 100, 7, 90, 33, 12, 64};
    }

    @Override
    protected String sampleText() {
      return "the interest on a loan, näive 中文\n";
    }

    @Override
    protected double tolerance() {
      return 1e-4;
    }
  }

  @Nested
  class Llama extends Contract {
    Llama() {
      super(Family.LLAMA);
    }
  }

  @Nested
  class Qwen2 extends Contract {
    Qwen2() {
      super(Family.QWEN2);
    }
  }

  @Nested
  class Qwen3 extends Contract {
    Qwen3() {
      super(Family.QWEN3);
    }
  }

  @Nested
  class Gemma3 extends Contract {
    Gemma3() {
      super(Family.GEMMA3);
    }
  }

  @Nested
  class Gpt2 extends Contract {
    Gpt2() {
      super(Family.GPT2);
    }
  }

  @Nested
  class GptNeox extends Contract {
    GptNeox() {
      super(Family.GPT_NEOX);
    }
  }

  @Test
  void isFoundByItsFolder() {
    try (HostModel host = HostLoader.open(directory)) {
      assertThat(host).isInstanceOf(TorchHost.class);
    }
  }

  @Test
  void aSessionKeepsItsThreadsWhenAnotherThreadOpensOneWithOthers() throws Exception {
    TorchOptions two = TorchOptions.defaults().withThreads(2);
    TorchOptions one = TorchOptions.defaults().withThreads(1);
    try (TorchHost host = TorchHost.open(directory, two);
        TorchHost small = TorchHost.open(directory, one);
        ExecutorService lane = Executors.newSingleThreadExecutor();
        ExecutorService other = Executors.newSingleThreadExecutor()) {
      HostSession session = lane.submit(() -> host.openSession(1)).get();
      other.submit(() -> small.openSession(1).close()).get();
      lane.submit(() -> session.forward(new int[] {5, 100}, Rows.LAST)).get();
      assertThat(lane.submit(JniUtils::getNumThreads).get()).isEqualTo(2);
      lane.submit(session::close).get();
    }
  }

  @Test
  void readsHowItsMakersWouldDrawTokens() {
    try (TorchHost host = TorchHost.open(directory)) {
      assertThat(host.recommendedSampling().temperature()).isZero();
    }
    ModelEdit.json(
        directory,
        "generation_config.json",
        c ->
            c.put("do_sample", true)
                .put("temperature", 0.7)
                .put("top_p", 0.8)
                .put("repetition_penalty", 1.05));
    try (TorchHost host = TorchHost.open(directory)) {
      Sampling sampling = host.recommendedSampling();
      assertThat(sampling.temperature()).isEqualTo(0.7);
      assertThat(sampling.topK()).isEqualTo(50);
      assertThat(sampling.topP()).isEqualTo(0.8);
      assertThat(sampling.repetitionPenalty()).isEqualTo(1.05);
    }
  }

  @Test
  void aTemperatureBelowZeroIsRefusedWithItsFile() {
    ModelEdit.json(
        directory,
        "generation_config.json",
        c -> c.put("do_sample", true).put("temperature", -1.0));
    try (TorchHost host = TorchHost.open(directory)) {
      assertThatThrownBy(host::recommendedSampling)
          .isInstanceOf(MalformedFileException.class)
          .hasMessageContaining("generation_config.json")
          .hasMessageContaining("temperature");
    }
  }

  @Test
  void anUnsupportedFamilyIsRefusedWithThoseThatAre() {
    ModelEdit.json(directory, "config.json", c -> c.put("model_type", "mamba"));
    assertThatThrownBy(() -> TorchHost.open(directory))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("mamba", "llama", "qwen2", "mistral", "gpt2", "gpt_neox");
  }

  @Test
  void missingAndExtraTensorsAreNamedTogether() {
    ModelEdit.tensors(
        directory,
        tensors -> {
          tensors.remove("model.norm.weight");
          tensors.remove("model.layers.1.mlp.up_proj.weight");
          tensors.put(
              "model.surplus", Entry.of("model.surplus", List.of(3L), new float[] {1, 2, 3}));
        });
    assertThatThrownBy(() -> TorchHost.open(directory))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll(
            "model.norm.weight", "model.layers.1.mlp.up_proj.weight", "model.surplus");
  }

  @Test
  void filesThatAreShortenedOrOverwrittenAfterOpeningChangeNothing() throws IOException {
    Path weights = directory.resolve("model.safetensors");
    try (TorchHost host = TorchHost.open(directory);
        HostSession session = host.openSession(1)) {
      float[] before = logits(session);
      Files.write(weights, new byte[(int) Files.size(weights)], StandardOpenOption.WRITE);
      assertThat(logits(session)).isEqualTo(before);
      try (FileChannel channel = FileChannel.open(weights, StandardOpenOption.WRITE)) {
        channel.truncate(100);
      }
      assertThat(logits(session)).isEqualTo(before);
    }
  }

  private static float[] logits(HostSession session) {
    session.truncate(0);
    return session.forward(new int[] {5}, Rows.LAST).row(0).toArray(ValueLayout.JAVA_FLOAT);
  }
}

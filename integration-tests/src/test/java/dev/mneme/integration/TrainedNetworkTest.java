package dev.mneme.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.FloatRows;
import dev.mneme.HostSession;
import dev.mneme.Rows;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.LlamaShape;
import dev.mneme.llamacpp.CacheType;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.llamacpp.LlamaCppOptions;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.trainer.text.BpeTokenizer;
import dev.mneme.trainer.text.BpeTrainer;
import dev.mneme.trainer.text.Document;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A network computes the same where it is trained and where it is used. */
class TrainedNetworkTest {

  @TempDir Path directory;

  @Test
  void aSavedNetworkGivesTheLogitsOfItsTrainingInLlamaCpp() {
    String text =
        IntStream.range(0, 3_000)
            .mapToObj(i -> Integer.toString(i * 7_919 % 10_007, 36))
            .collect(Collectors.joining(" "));
    BpeTokenizer tokenizer =
        BpeTrainer.train(
            Stream.of(new Document(directory, 1, Optional.empty(), text)),
            BpeTrainer.Settings.ofSize(300));
    var shape = new LlamaShape(300, 64, 3, 4, 2, 96, 64, 10_000, 1e-5);
    Path model = directory.resolve("model");
    int[] ids = {0, 17, 255, 299, 4, 4, 81};
    float[] expected;
    try (DecoderNetwork network = DecoderNetwork.random(shape, 21, false)) {
      network.save(model, Dtype.F32, 0);
      expected = network.logits(ids);
    }
    tokenizer.write(model);
    Path gguf = directory.resolve("model.gguf");
    GgufConverter.convertHost(model, gguf, WeightType.F32);
    LlamaCppOptions exact = LlamaCppOptions.defaults().withCacheType(CacheType.F32);
    try (LlamaCppHost host = LlamaCppHost.open(gguf, exact);
        HostSession session = host.openSession(1)) {
      FloatRows rows = session.forward(ids, Rows.ALL);
      for (int position = 0; position < ids.length; position++) {
        MemorySegment row = rows.row(position);
        for (int id = 0; id < shape.vocabulary(); id++) {
          assertThat(row.getAtIndex(ValueLayout.JAVA_FLOAT, id))
              .as("position %d, id %d", position, id)
              .isCloseTo(expected[position * shape.vocabulary() + id], within(1e-4f));
        }
      }
    }
  }
}

package dev.mneme.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mneme.Tokenizer;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import dev.mneme.trainer.text.BpeEncoder;
import dev.mneme.trainer.text.BpeTokenizer;
import dev.mneme.trainer.text.BpeTrainer;
import dev.mneme.trainer.text.Document;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a memory is trained on are the ids that its host will feed it: one tokenizer, two readers.
 */
class TrainedTokenizerTest {
  private static final int VOCABULARY = 600;

  @TempDir static Path directory;
  private static LlamaCppHost host;
  private static BpeEncoder encoder;

  @BeforeAll
  static void trainATokenizerAndConvertAHostWithIt() {
    var random = new Random(3);
    String text =
        IntStream.range(0, 4000)
            .mapToObj(i -> word(random))
            .reduce("", (all, word) -> all + (random.nextInt(9) == 0 ? ",\n" : " ") + word);
    BpeTokenizer tokenizer =
        BpeTrainer.train(
            Stream.of(new Document(directory, 1, Optional.empty(), text)),
            BpeTrainer.Settings.ofSize(VOCABULARY));
    Path model = TinyModel.write(TinyModel.directory(directory, "host"), Family.LLAMA, 1);
    tokenizer.write(model);
    ModelEdit.json(
        model,
        "config.json",
        config ->
            config.put("vocab_size", VOCABULARY).put("bos_token_id", 0).put("eos_token_id", 0));
    ModelEdit.tensors(
        model,
        tensors ->
            List.of("model.embed_tokens.weight", "lm_head.weight")
                .forEach(
                    name ->
                        tensors.put(
                            name,
                            Entry.of(
                                name,
                                List.of((long) VOCABULARY, (long) TinyModel.HIDDEN),
                                new float[VOCABULARY * TinyModel.HIDDEN]))));
    Path gguf = directory.resolve("host.gguf");
    GgufConverter.convertHost(model, gguf, WeightType.F32);
    host = LlamaCppHost.open(gguf);
    encoder = new BpeEncoder(BpeTokenizer.read(model.resolve("tokenizer.json")));
  }

  @AfterAll
  static void close() {
    host.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        " ",
        "   a",
        "a \n\n b  ",
        "\t\tx\t",
        "don't can't we'll I'M 'S they've he'd 're 'lll '",
        " 's ''s a'sb 'sa\u2019s",
        "1234567 \u00bd \u2167 \u00b2\u00b3 \u0663\u0664",
        "na\u00efve caf\u00e9 e\u0301 a\u0308",
        "\u4e2d\u6587\u5b57 \u65e5\u672c\u8a9e \ud55c\uad6d\uc5b4 \u05e9\u05dc\u05d5\u05dd",
        "\ud83d\ude00\ud83d\ude03 \ud83d\udc68\u200d\ud83d\udc69 \ud835\udc9c\ud835\udfd9",
        "\u00a0x\u2003y\u3000z\u2028w\u0085v\u200bu\ufeffq",
        "<|endoftext|> a<|endoftext|>b",
        "$1,234.56 (5%) \u00a738-2609.\u2014\u201cq\u201d\u2026",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      })
  void awkwardTextGetsTheIdsThatLlamaCppGives(String text) {
    assertSame(text);
  }

  @Test
  void randomTextGetsTheIdsThatLlamaCppGives() {
    var random = new Random(11);
    String alphabet = "  '\n\t.,-9stremvld\u00e9\u00df\u4e2d\u00a0\u0301\u2167";
    for (int round = 0; round < 500; round++) {
      var text = new StringBuilder();
      for (int i = random.nextInt(30); i >= 0; i--) {
        text.append(
            random.nextBoolean()
                ? word(random)
                : String.valueOf(alphabet.charAt(random.nextInt(alphabet.length()))));
      }
      assertSame(text.toString());
    }
  }

  @Test
  void theHostKnowsHowATextBeginsAndEnds() {
    assertThat(host.vocabulary().bos()).hasValue(0);
    assertThat(host.vocabulary().size()).isEqualTo(VOCABULARY);
    assertThat(host.tokenizer().addsLeadingSpace()).isFalse();
  }

  private static void assertSame(String text) {
    Tokenizer tokenizer = host.tokenizer();
    assertThat(encoder.encodeDocument(text)).as(text).isEqualTo(tokenizer.encode(text));
    assertThat(tokenizer.decode(encoder.encode(text))).isEqualTo(text);
  }

  private static String word(Random random) {
    var word = new StringBuilder();
    for (int n = 1 + random.nextInt(3); n > 0; n--) {
      word.append(
          List.of("co", "urt", "re", "'s", "la", "\u00e9t", "ing", "s", "x")
              .get(random.nextInt(9)));
    }
    return word.toString();
  }
}

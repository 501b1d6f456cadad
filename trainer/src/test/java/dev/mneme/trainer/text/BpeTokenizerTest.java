package dev.mneme.trainer.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.hash.Hashing;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.Vocabulary;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.store.hf.TokenizerJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BpeTokenizerTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir Path directory;
  private BpeTokenizer tokenizer = learn(400);
  private Path file = Path.of("");

  @BeforeEach
  void write() {
    tokenizer.write(directory);
    file = directory.resolve("tokenizer.json");
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    BpeTokenizer read = BpeTokenizer.read(file);
    assertThat(read.entries()).isEqualTo(tokenizer.entries());
    assertThat(read.merges()).isEqualTo(tokenizer.merges());
    assertThat(read.beginId()).isZero();
    assertThat(read.digest())
        .isEqualTo(tokenizer.digest())
        .isEqualTo(Hashing.sha256().hashBytes(Files.readAllBytes(file)).toString());
  }

  @Test
  void learningAgainGivesTheSameFile() {
    assertThat(learn(400).digest()).isEqualTo(tokenizer.digest());
  }

  @Test
  void theStoreReadsTheSameVocabulary() throws IOException {
    Files.writeString(
        directory.resolve("config.json"),
        """
        {"model_type": "llama", "vocab_size": 400, "hidden_size": 8, "num_hidden_layers": 1,
         "num_attention_heads": 2, "intermediate_size": 8, "max_position_embeddings": 16,
         "rms_norm_eps": 1e-5, "hidden_act": "silu"}
        """);
    Vocabulary vocabulary =
        TokenizerJson.read(directory, HuggingFaceConfig.read(directory)).vocabulary();
    assertThat(vocabulary.size()).isEqualTo(400);
    assertThat(vocabulary.bos()).hasValue(0);
    for (int id = 1; id < 400; id++) {
      assertThat(vocabulary.spell(id)).isEqualTo(tokenizer.spell(id));
    }
  }

  @Test
  void aDocumentBeginsWithTheBeginId() {
    var encoder = new BpeEncoder(tokenizer);
    int[] ids = encoder.encodeDocument("the court");
    assertThat(ids[0]).isZero();
    assertThat(Arrays.copyOfRange(ids, 1, ids.length)).isEqualTo(encoder.encode("the court"));
  }

  @Test
  void textThatSpellsTheBeginTokenStaysText() {
    assertThat(new BpeEncoder(tokenizer).encode("a<|endoftext|>b")).doesNotContain(0);
  }

  @Test
  void oneWordOfAMillionLettersIsEncodedInTime() {
    int[] ids = new BpeEncoder(tokenizer).encode("court".repeat(200_000));
    int[] one = new BpeEncoder(tokenizer).encode("court");
    assertThat(ids.length).isLessThanOrEqualTo(200_000 * one.length);
  }

  @Test
  void tooLittleTextForTheVocabularySaysHowFarItGoes() {
    assertThatThrownBy(
            () ->
                BpeTrainer.train(
                    TestText.documents("low low low", "lower"), BpeTrainer.Settings.ofSize(8192)))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("pairs for a vocabulary of 260")
        .hasMessageContaining("8,192 entries were asked for");
  }

  @Test
  void noTextAtAll() {
    assertThatThrownBy(() -> BpeTrainer.train(Stream.of(), BpeTrainer.Settings.ofSize(8192)))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("0 different words");
  }

  @Test
  void bothSpellingsOfMergesAreRead() {
    edit(
        json -> {
          List<String> merges =
              IntStream.range(0, json.path("model").path("merges").size())
                  .mapToObj(i -> json.path("model").path("merges").get(i).textValue())
                  .toList();
          var pairs = ((ObjectNode) json.path("model")).putArray("merges");
          for (String merge : merges) {
            List<String> parts = Arrays.asList(merge.split(" ", -1));
            pairs.addArray().add(parts.getFirst()).add(parts.getLast());
          }
        });
    assertThat(BpeTokenizer.read(file).merges()).isEqualTo(tokenizer.merges());
  }

  @Test
  void aByteWithoutEntry() {
    edit(
        json -> {
          ((ObjectNode) json.path("model").path("vocab")).remove("ÿ");
          ((ObjectNode) json.path("model").path("vocab"))
              .put("unused", tokenizer.entries().indexOf("ÿ"));
        });
    assertMalformed("lacks the byte 0xFF");
  }

  @Test
  void aGapInTheIds() {
    edit(json -> ((ObjectNode) json.path("model").path("vocab")).remove("ÿ"));
    assertMalformed("no entry has the id " + tokenizer.entries().indexOf("ÿ"));
  }

  @Test
  void aMergeOfWhatIsNoEntry() {
    edit(json -> json.withArray("/model/merges").add("q q"));
    assertMalformed("two entries that join to a third");
  }

  @Test
  void aPrefixBlank() {
    edit(json -> ((ObjectNode) json.path("pre_tokenizer")).put("add_prefix_space", true));
    assertMalformed("pre_tokenizer.add_prefix_space");
  }

  @Test
  void anotherSplitPattern() {
    edit(json -> ((ObjectNode) json.path("pre_tokenizer")).put("type", "Whitespace"));
    assertMalformed("ByteLevel");
  }

  @Test
  void noBeginToken() {
    edit(
        json -> {
          json.putArray("added_tokens");
          ((ObjectNode) json.path("model").path("vocab")).remove(BpeTokenizer.BEGIN);
          ((ObjectNode) json.path("model").path("vocab")).put("other", 0);
        });
    assertMalformed("\"<|endoftext|>\"");
  }

  private void assertMalformed(String message) {
    assertThatThrownBy(() -> BpeTokenizer.read(file))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("tokenizer.json")
        .hasMessageContaining(message);
  }

  private void edit(Consumer<ObjectNode> change) {
    try {
      ObjectNode json = (ObjectNode) MAPPER.readTree(file.toFile());
      change.accept(json);
      Files.writeString(file, json.toString(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static BpeTokenizer learn(int size) {
    return BpeTrainer.train(
        TestText.documents(TestText.sentences(1, 3000)), BpeTrainer.Settings.ofSize(size));
  }
}

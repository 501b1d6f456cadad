package dev.mneme.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.primitives.Ints;
import dev.mneme.ClosedException;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.Vocabulary.Kind;
import dev.mneme.store.hf.SplitPatterns;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FolderTokenizerTest {

  /** Of the fixture: the ids of {@code </s>} and {@code <|endoftext|>}. */
  private static final int END_OF_SENTENCE = 2;

  private static final int END_OF_TEXT = 256;

  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "the theatre in thin",
          "  two blanks, \t a tab\r\nand a line ",
          "na\u00efve \u00df \u4e2d\u6587 \ud55c\uad6d \u05e9\u05dc\u05d5\u05dd",
          "\ud83d\ude00 \ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67 \ud835\udc9c",
          "a\0b\0\0",
          "</s><s> <unk> <|endoftext|>",
          "<0x41> \u2581 \ufffd \ufeff");

  @TempDir private Path directory;

  @ParameterizedTest
  @EnumSource
  void everyTextComesBack(Family family) {
    try (FolderTokenizer tokenizer = tokenizer(family)) {
      for (String text : TEXTS) {
        // SentencePiece spells a blank with this character, so that it cannot be told apart.
        String expected =
            switch (family) {
              case LLAMA, MISTRAL, GEMMA3 -> text.replace('\u2581', ' ');
              case QWEN2, QWEN3, GPT2, GPT_NEOX -> text;
            };
        int[] ids = tokenizer.encode(text, false, false);
        assertThat(tokenizer.decode(ids)).isEqualTo(expected);
        assertThat(IntStream.of(ids).mapToObj(tokenizer.vocabulary()::kind)).allMatch(Kind::spells);
      }
    }
  }

  @Test
  void idsAreThoseOfTheMerges() {
    try (FolderTokenizer llama = tokenizer(Family.LLAMA)) {
      assertThat(llama.encode("the", false, false)).containsExactly(261);
      assertThat(llama.addsLeadingSpace()).isTrue();
    }
    try (FolderTokenizer gpt2 = tokenizer(Family.GPT2)) {
      assertThat(gpt2.encode(" thein", false, false)).containsExactly(259, 260);
      assertThat(gpt2.addsLeadingSpace()).isFalse();
    }
  }

  @Test
  void specialTextIsTextUnlessAskedFor() {
    try (FolderTokenizer llama = tokenizer(Family.LLAMA)) {
      assertThat(llama.encode("a</s>", false, true)).endsWith(END_OF_SENTENCE).hasSize(2);
      assertThat(llama.encode("a</s>", false, false)).hasSize(5).doesNotContain(END_OF_SENTENCE);
    }
    try (FolderTokenizer gpt2 = tokenizer(Family.GPT2)) {
      assertThat(gpt2.encode("<|endoftext|>", false, true)).containsExactly(END_OF_TEXT);
      assertThat(gpt2.encode("<|endoftext|>", false, false))
          .hasSize(13)
          .doesNotContain(END_OF_TEXT);
    }
  }

  @ParameterizedTest
  @CsvSource({"LLAMA, true", "MISTRAL, true", "QWEN2, false", "GPT2, false"})
  void aTextBeginsWithBosWhereTheTokenizerSaysSo(Family family, boolean begins) {
    try (FolderTokenizer tokenizer = tokenizer(family)) {
      for (String text : TEXTS) {
        int[] without = tokenizer.encode(text, false, true);
        int[] with = tokenizer.encode(text, true, true);
        assertThat(with)
            .containsExactly(
                begins
                    ? IntStream.concat(IntStream.of(1), IntStream.of(without)).toArray()
                    : without);
      }
      assertThat(tokenizer.encode("")).hasSize(begins ? 1 : 0);
    }
  }

  @Test
  void addedTokensKeepTheIdsOfTheFile() {
    TinyModel.write(directory, Family.QWEN2, 1);
    // Between them an id is left out, and one of them is special: the library would renumber them.
    edit(
        t -> {
          addToken(t, 261, "<tool>", false);
          addToken(t, 263, "<think>", false);
        });
    try (FolderTokenizer tokenizer = FolderTokenizer.open(directory)) {
      for (boolean special : new boolean[] {false, true}) {
        assertThat(tokenizer.encode("<think> the<tool>", false, special))
            .containsExactly(263, 259, 261);
      }
      assertThat(tokenizer.decode(new int[] {263, 261})).isEqualTo("<think><tool>");
    }
  }

  @Test
  void whatTheFileWouldCutPadOrDropIsKept() {
    TinyModel.write(directory, Family.GPT2, 1);
    edit(
        t -> {
          t.putObject("truncation")
              .put("direction", "Right")
              .put("max_length", 3)
              .put("strategy", "LongestFirst")
              .put("stride", 0);
          ObjectNode padding = t.putObject("padding");
          padding.putObject("strategy").put("Fixed", 64);
          padding
              .put("direction", "Right")
              .putNull("pad_to_multiple_of")
              .put("pad_id", 0)
              .put("pad_type_id", 0)
              .put("pad_token", "!");
          ((ObjectNode) t.get("model")).put("dropout", 1.0);
        });
    try (FolderTokenizer tokenizer = FolderTokenizer.open(directory)) {
      assertThat(tokenizer.encode(" the the the the")).containsExactly(259, 259, 259, 259);
    }
  }

  @Test
  void aLoneSurrogateIsAQuestionMarkAndSpoilsNothingElse() {
    try (FolderTokenizer tokenizer = tokenizer(Family.GPT2)) {
      String emoji = "\ud83d\ude00";
      for (String lone : List.of("\ud83d", "\ude00", "\ude00\ud83d")) {
        assertThat(tokenizer.encode(emoji + lone + " " + emoji))
            .isEqualTo(tokenizer.encode(emoji + "?".repeat(lone.length()) + " " + emoji));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"LLAMA", "QWEN2"})
  void aMegabyteComesBack(Family family) {
    String text = "the thin theatre \ud83d\ude00\u4e2d ".repeat(38_000);
    try (FolderTokenizer tokenizer = tokenizer(family)) {
      assertThat(tokenizer.decode(tokenizer.encode(text, true, true))).isEqualTo(text);
    }
  }

  @Test
  void theLongestRunOfWhiteSpaceIsEncodedAndALongerOneRefused() {
    TinyModel.write(directory, Family.QWEN2, 1);
    edit(t -> splitBy(t, SplitPatterns.QWEN2));
    try (FolderTokenizer tokenizer = FolderTokenizer.open(directory)) {
      String longest = "a\n" + " \u3000".repeat(999_999) + "\u0085";
      assertThat(tokenizer.encode(longest + "a")).hasSize(3 + 4 * 999_999 + 2);
      assertThatThrownBy(() -> tokenizer.encode(longest + "\u00a0"))
          .isInstanceOf(MnemeException.class)
          .hasMessageContainingAll("2000000 white-space characters", directory.toString());
    }
  }

  @Test
  void runsOfEveryKindOfCharacterComeToAnEnd() {
    TinyModel.write(directory, Family.QWEN2, 1);
    for (String pattern :
        List.of(SplitPatterns.TEKKEN, SplitPatterns.GPT4O, SplitPatterns.LLAMA3, "\\s+$")) {
      edit(t -> splitBy(t, pattern));
      try (FolderTokenizer tokenizer = FolderTokenizer.open(directory)) {
        for (String run : List.of("A", "a", "\u0301", "\u4e2d", "7", "=", "\n")) {
          String text = "x" + run.repeat(19_000) + " y";
          assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
        }
      }
    }
    try (FolderTokenizer tokenizer = FolderTokenizer.open(directory)) {
      assertThatThrownBy(() -> tokenizer.encode(" ".repeat(20_001) + "x"))
          .isInstanceOf(MnemeException.class)
          .hasMessageContaining("more than 20000 white-space characters in a row");
    }
  }

  private static void splitBy(ObjectNode tokenizer, String pattern) {
    ArrayNode steps =
        tokenizer.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
    ObjectNode split =
        steps.addObject().put("type", "Split").put("behavior", "Isolated").put("invert", false);
    split.putObject("pattern").put("Regex", pattern);
    steps
        .addObject()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", false);
  }

  @Test
  void severalThreadsGetTheIdsThatOneGets() throws Exception {
    List<String> texts =
        IntStream.range(0, 300)
            .mapToObj(i -> "the " + i + " in" + "theatre".repeat(i % 40))
            .toList();
    try (FolderTokenizer tokenizer = tokenizer(Family.LLAMA);
        var threads = Executors.newFixedThreadPool(4)) {
      Callable<List<List<Integer>>> encode =
          () -> texts.stream().map(text -> Ints.asList(tokenizer.encode(text))).toList();
      List<List<Integer>> expected = encode.call();
      for (Future<List<List<Integer>>> ids : threads.invokeAll(Collections.nCopies(4, encode))) {
        assertThat(ids.get()).isEqualTo(expected);
      }
    }
  }

  @Test
  void closingWaitsForOtherThreadsAndEndsUse() throws Exception {
    FolderTokenizer tokenizer = tokenizer(Family.LLAMA);
    String text = "the theatre ".repeat(2_000);
    try (var threads = Executors.newFixedThreadPool(2)) {
      List<Future<?>> users = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        users.add(
            threads.submit(
                () -> {
                  while (true) {
                    tokenizer.encode(text);
                  }
                }));
      }
      Thread.sleep(50);
      tokenizer.close();
      tokenizer.close();
      for (Future<?> user : users) {
        assertThatThrownBy(user::get).hasCauseInstanceOf(ClosedException.class);
      }
    }
    assertThatThrownBy(() -> tokenizer.encode("a", false, false))
        .isInstanceOf(ClosedException.class)
        .hasMessageContaining("tokenizer.json is closed");
  }

  @Test
  void nothingIsFetchedAtRunTime() {
    tokenizer(Family.LLAMA).close();
    assertThat(System.getProperty("ai.djl.offline")).isEqualTo("true");
    assertThat(System.getProperty("OPT_OUT_TRACKING")).isEqualTo("true");
  }

  @Test
  void refusesAFolderWithoutTokenizer() throws IOException {
    TinyModel.write(directory, Family.LLAMA, 1);
    Files.delete(directory.resolve("tokenizer.json"));
    assertThatThrownBy(() -> FolderTokenizer.open(directory))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("has no tokenizer.json");
  }

  @Test
  void refusesATokenizerThatIsCutOff() throws IOException {
    TinyModel.write(directory, Family.LLAMA, 1);
    Path file = directory.resolve("tokenizer.json");
    Files.writeString(file, Files.readString(file).substring(0, 500));
    refuses("not valid JSON");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Unigram", "WordPiece"})
  void refusesAnotherTokenizerModel(String type) {
    TinyModel.write(directory, Family.LLAMA, 1);
    edit(t -> ((ObjectNode) t.get("model")).put("type", type));
    refuses("\"model.type\" must be BPE");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type': 'Rot13'}",
        "{'type': 'Precompiled', 'precompiled_charsmap': ''}",
        "{'type': 'Sequence', 'normalizers': [{'type': 'NFC'}, {'type': 'Lowercase'}]}",
        "{'type': 'Replace', 'pattern': {'String': ' '}, 'content': ''}",
        "{'type': 'Replace', 'pattern': {'String': ''}, 'content': 'x'}",
        "{'type': 'Replace', 'pattern': {'Regex': '(a*)*b'}, 'content': 'x'}"
      })
  void refusesNormalizersThatTheLibraryMightPanicOn(String normalizer) {
    refusesStep("normalizer", normalizer);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type': 'FixedLength', 'length': 0}",
        "{'type': 'Split', 'pattern': {'Regex': '(a*)*b'}, 'behavior': 'Isolated', 'invert':"
            + " false}",
        "{'type': 'Split', 'pattern': {'String': ''}, 'behavior': 'Isolated', 'invert': false}"
      })
  void refusesPreTokenizersThatTheLibraryMightPanicOn(String preTokenizer) {
    refusesStep("pre_tokenizer", preTokenizer);
  }

  private void refusesStep(String part, String step) {
    TinyModel.write(directory, Family.LLAMA, 1);
    edit(
        t -> {
          try {
            t.set(part, new ObjectMapper().readTree(step.replace('\'', '"')));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    assertThatThrownBy(() -> FolderTokenizer.open(directory))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("tokenizer.json: the " + part, "is not supported; supported are");
  }

  @Test
  void refusesAStepThatLacksASetting() {
    TinyModel.write(directory, Family.GPT2, 1);
    edit(t -> ((ObjectNode) t.get("pre_tokenizer")).remove("trim_offsets"));
    refuses("the Hugging Face tokenizers library refuses it");
  }

  @Test
  void refusesAnAddedTokenWithoutItsFlags() {
    TinyModel.write(directory, Family.LLAMA, 1);
    edit(t -> ((ObjectNode) t.get("added_tokens").get(2)).remove("lstrip"));
    refuses("missing field `lstrip`");
  }

  @Test
  void refusesAMergeOfSomethingThatIsNoEntry() {
    TinyModel.write(directory, Family.LLAMA, 1);
    edit(t -> ((ArrayNode) t.get("model").get("merges")).add("q z"));
    refuses("the Hugging Face tokenizers library refuses it", "`qz`");
    TinyModel.write(directory, Family.GPT2, 1);
    edit(t -> ((ArrayNode) t.get("model").get("merges")).addArray().add("q").add("z"));
    refuses("\"model.merges[4]\"", "\"qz\" is not in the vocabulary");
  }

  @Test
  void refusesHalfASurrogatePairInAnEntry() {
    TinyModel.write(directory, Family.LLAMA, 1);
    edit(t -> ((ObjectNode) t.get("model").get("vocab")).put("x\ud83d", 296));
    refuses("the Hugging Face tokenizers library refuses it");
  }

  private FolderTokenizer tokenizer(Family family) {
    return FolderTokenizer.open(TinyModel.write(directory, family, 1));
  }

  private void edit(Consumer<ObjectNode> edit) {
    ModelEdit.json(directory, "tokenizer.json", edit);
  }

  private static void addToken(ObjectNode tokenizer, int id, String content, boolean special) {
    tokenizer
        .withArray("added_tokens")
        .addObject()
        .put("id", id)
        .put("content", content)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", special);
  }

  private void refuses(String... messageParts) {
    assertThatThrownBy(() -> FolderTokenizer.open(directory))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("tokenizer.json")
        .hasMessageContainingAll(messageParts);
  }
}

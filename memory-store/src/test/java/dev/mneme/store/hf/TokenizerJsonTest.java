package dev.mneme.store.hf;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.Vocabulary;
import dev.mneme.Vocabulary.Kind;
import dev.mneme.store.WeightType;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufVocabulary;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerJsonTest {
  private static final String WORDS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|";
  private static final String REST =
      "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  @TempDir private Path directory;

  @Test
  void readsSentencePieceEntries() {
    Vocabulary vocabulary = vocabulary(Family.LLAMA);
    assertThat(vocabulary.describe(0)).isEqualTo("\"<unk>\" (control)");
    assertThat(vocabulary.bytes(3 + 0xE9)).containsExactly(0xE9);
    assertThat(vocabulary.kind(3)).isEqualTo(Kind.TEXT);
    assertThat(new String(vocabulary.bytes(261), UTF_8)).isEqualTo(" the");
    assertThat(vocabulary.bos()).hasValue(1);
    assertThat(vocabulary.endIds()).containsExactly(2);
  }

  @Test
  void readsByteLevelEntries() {
    Vocabulary vocabulary = vocabulary(Family.QWEN2);
    for (int b = 0; b < 256; b++) {
      assertThat(vocabulary.bytes(b)).containsExactly(b);
    }
    assertThat(vocabulary.kind(256)).isEqualTo(Kind.CONTROL);
    assertThat(new String(vocabulary.bytes(259), UTF_8)).isEqualTo(" the");
    assertThat(vocabulary.bos()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void padsToTheWidthOfTheModel(Family family) {
    Vocabulary vocabulary = vocabulary(family);
    int width = HuggingFaceConfig.read(directory).vocabulary();
    assertThat(vocabulary.size()).isEqualTo(width);
    assertThat(vocabulary.kind(width - 1)).isEqualTo(Kind.UNUSED);
    assertThat(vocabulary.kind(width - 4)).isEqualTo(Kind.TEXT);
  }

  @Test
  void refusesAVocabularySizeThatIsNearlyAllPadding() {
    write(Family.LLAMA);
    assertThatThrownBy(
            () -> TokenizerJson.read(directory, Integer.MAX_VALUE, OptionalInt.empty(), List.of()))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("tokenizer.json", "vocab_size", "2147483647", "padding");
  }

  @ParameterizedTest
  @EnumSource
  void equalsTheVocabularyOfTheConvertedHost(Family family) {
    Vocabulary vocabulary = vocabulary(family);
    Vocabulary converted = GgufVocabulary.read(host());
    assertThat(vocabulary.differencesFrom(converted)).isEmpty();
    assertThat(vocabulary.size()).isEqualTo(converted.size());
    assertThat(vocabulary.bos()).isEqualTo(converted.bos());
    assertThat(vocabulary.endIds()).isEqualTo(converted.endIds());
  }

  @Test
  void describesSentencePieceToLlamaCpp() {
    write(Family.LLAMA);
    GgufFile host = host();
    assertThat(host.string("tokenizer.ggml.model")).hasValue("llama");
    assertThat(host.strings("tokenizer.ggml.tokens").subList(0, 4))
        .containsExactly("<unk>", "<s>", "</s>", "<0x00>");
    assertThat(host.integers("tokenizer.ggml.token_type")).startsWith(2, 3, 3, 6).endsWith(5);
    assertThat(host.integer("tokenizer.ggml.bos_token_id")).hasValue(1);
    assertThat(host.integer("tokenizer.ggml.eos_token_id")).hasValue(2);
    assertThat(host.integer("tokenizer.ggml.unknown_token_id")).hasValue(0);
    assertThat(host.bool("tokenizer.ggml.add_bos_token")).hasValue(true);
    assertThat(host.bool("tokenizer.ggml.add_space_prefix")).hasValue(true);
  }

  @Test
  void scoresPiecesByTheRankOfTheirFirstMerge() {
    write(Family.LLAMA);
    float[] scores = host().floats("tokenizer.ggml.scores");
    // The fixture's merges are made into ids from 259 on, in order.
    assertThat(Arrays.copyOfRange(scores, 259, 266)).containsExactly(0, -1, -2, -3, -4, -5, -6);
    assertThat(Arrays.copyOf(scores, 259)).containsOnly(0);
  }

  @Test
  void describesGemmasTokenizerToLlamaCpp() {
    write(Family.GEMMA3);
    GgufFile host = host();
    assertThat(host.string("tokenizer.ggml.model")).hasValue("llama");
    assertThat(host.bool("tokenizer.ggml.add_space_prefix")).hasValue(false);
    assertThat(host.bool("tokenizer.ggml.add_bos_token")).hasValue(true);
    assertThat(host.integer("tokenizer.ggml.bos_token_id")).hasValue(2);
    assertThat(host.integer("tokenizer.ggml.eos_token_id")).hasValue(1);
    assertThat(host.integer("tokenizer.ggml.eot_token_id")).hasValue(5);
    assertThat(host.strings("tokenizer.ggml.tokens").subList(4, 11))
        .containsExactly("<unused0>", "<end_of_turn>", "\n\n\n", "\n\n", "   ", "  ", "<0x00>");
    assertThat(Arrays.copyOfRange(host.integers("tokenizer.ggml.token_type"), 3, 11))
        .containsExactly(2, 3, 3, 4, 4, 4, 4, 6); // the reserved name is a mark as well
  }

  @Test
  void runsThatAreAddedTokensHaveNoPartInTheScores() {
    write(Family.GEMMA3);
    float[] scores = host().floats("tokenizer.ggml.scores");
    assertThat(Arrays.copyOf(scores, 266)).containsOnly(0);
    // Their merges come first, and apart from each other.
    assertThat(Arrays.copyOfRange(scores, 266, 271)).containsExactly(-6, -7, -8, -9, -10);
  }

  @Test
  void refusesAMergeThatJoinsAnAddedToken() {
    write(Family.GEMMA3);
    edit(
        t -> {
          vocab(t).put("\u2581\u2581a", vocab(t).size());
          merges(t).addArray().add("\u2581\u2581").add("a");
        });
    refusesHost("a merge makes \"\u2581\u2581a\" of an added token");
  }

  @Test
  void refusesASplitAtBlanksThatTheTextStillHas() {
    write(Family.GEMMA3);
    edit(t -> t.putNull("normalizer"));
    refusesHost("pre_tokenizer \"Split\"");
  }

  @Test
  void leavesOutAMarkForWhichTheModelHasNoRow() {
    Vocabulary before = vocabulary(Family.GEMMA3);
    edit(
        t ->
            t.withArray("added_tokens")
                .addObject()
                .put("id", before.size())
                .put("content", "<image_soft_token>")
                .put("special", true));
    assertThat(read().vocabulary().differencesFrom(before)).isEmpty();
    assertThat(read().vocabulary().size()).isEqualTo(before.size());
  }

  @Test
  void describesByteLevelToLlamaCpp() {
    write(Family.GPT2);
    GgufFile host = host();
    assertThat(host.string("tokenizer.ggml.model")).hasValue("gpt2");
    assertThat(host.string("tokenizer.ggml.pre")).hasValue("gpt-2");
    assertThat(host.strings("tokenizer.ggml.merges"))
        .containsExactly("\u0120 t", "h e", "\u0120t he", "i n");
    assertThat(host.integers("tokenizer.ggml.token_type")[256]).isEqualTo(3);
    assertThat(host.bool("tokenizer.ggml.add_bos_token")).hasValue(false);
  }

  @Test
  void leavesPythiasCompositionOfCharactersOut() {
    write(Family.GPT_NEOX);
    GgufFile host = host();
    assertThat(host.string("tokenizer.ggml.model")).hasValue("gpt2");
    assertThat(host.string("tokenizer.ggml.pre")).hasValue("gpt-2");
    assertThat(host.integer("tokenizer.ggml.bos_token_id")).hasValue(256);
    assertThat(host.integer("tokenizer.ggml.eos_token_id")).hasValue(256);
    assertThat(host.bool("tokenizer.ggml.add_bos_token")).hasValue(false);
  }

  @ParameterizedTest
  @CsvSource({"'\\p{N}', qwen2, false", "'\\p{N}{1,3}', llama-bpe, true"})
  void recognisesTheSplitPattern(String numbers, String name, boolean ignoreMerges) {
    write(Family.QWEN2);
    splitBy(WORDS + numbers + REST);
    edit(t -> model(t).put("ignore_merges", ignoreMerges));
    assertThat(host().string("tokenizer.ggml.pre")).hasValue(name);
  }

  @Test
  void refusesAnUnknownSplitPatternButKeepsItsVocabulary() {
    write(Family.QWEN2);
    splitBy("\\p{L}+");
    refusesHost("tokenizer.json", "pre_tokenizer \"\\p{L}+\"", "gpt-2, smollm, llama-bpe");
    assertThat(read().vocabulary().size()).isEqualTo(264);
  }

  @Test
  void refusesMergingRulesUnlikeThoseOfTheSplitPattern() {
    write(Family.QWEN2);
    edit(t -> model(t).put("ignore_merges", true));
    splitBy(SplitPatterns.QWEN2);
    refusesHost("model.ignore_merges = true, only with false");
  }

  @Test
  void convertsEveryWayOfCuttingThatTheLibraryKnows() {
    String bytes = "{'type':'ByteLevel','add_prefix_space':false,'use_regex':false}";
    String words = "{'type':'ByteLevel','add_prefix_space':false,'use_regex':true}";
    String digits = "{'type':'Digits','individual_digits':true}";
    cutsAs("smollm", false, digits, words);
    cutsAs("smollm", false, isolated("\\p{N}"), words);
    cutsAs("smaug-bpe", false, isolated(SplitPatterns.LLAMA3), bytes);
    cutsAs("llama-bpe", true, removedBetween(SplitPatterns.LLAMA3), bytes);
    String tiktoken =
        "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}"
            + "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+";
    cutsAs("smaug-bpe", false, isolated(tiktoken), bytes);
    cutsAs("tekken", true, isolated(SplitPatterns.TEKKEN), bytes);
    cutsAs("gpt-4o", false, removedBetween(SplitPatterns.GPT4O), bytes);
    cutsAs("bloom", false, isolated(SplitPatterns.BLOOM), bytes);
    cutsAs("viking", false, isolated(SplitPatterns.BLOOM), digits, bytes);
    cutsAs(
        "deepseek-coder",
        false,
        isolated("[\\r\\n]"),
        isolated("\\s?\\p{L}+"),
        isolated("\\s?\\p{P}+"),
        isolated(SplitPatterns.DEEPSEEK_IDEOGRAPHS),
        digits,
        bytes);
    cutsAs(
        "deepseek-llm",
        false,
        isolated("[\r\n]"),
        isolated(SplitPatterns.DEEPSEEK_LETTERS),
        isolated(SplitPatterns.DEEPSEEK_PUNCTUATION),
        isolated("\\s+$"),
        isolated(SplitPatterns.DEEPSEEK_IDEOGRAPHS),
        digits,
        bytes);
    cutsAs(
        "deepseek-v3",
        false,
        isolated("\\p{N}{1,3}"),
        isolated(SplitPatterns.DEEPSEEK3_IDEOGRAPHS),
        isolated(SplitPatterns.DEEPSEEK3_WORDS),
        bytes);
  }

  @Test
  void refusesSeparateDigitsWhereTheLibraryLeavesThemTogetherAndAMergeJoinsThem() {
    write(Family.QWEN2);
    edit(
        t -> {
          vocab(t).remove("in");
          vocab(t).put("12", 260);
          merges(t).removeAll().add("1 2");
          ArrayNode all =
              t.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
          for (String regex :
              List.of(
                  SplitPatterns.LINE_END,
                  SplitPatterns.DEEPSEEK_LETTERS,
                  SplitPatterns.DEEPSEEK_PUNCTUATION,
                  "\\s+$",
                  SplitPatterns.DEEPSEEK_IDEOGRAPHS)) {
            ObjectNode split = all.addObject().put("type", "Split").put("behavior", "Isolated");
            split.putObject("pattern").put("Regex", regex);
          }
          all.addObject().put("type", "Digits").put("individual_digits", true);
          all.addObject()
              .put("type", "ByteLevel")
              .put("add_prefix_space", false)
              .put("use_regex", false);
        });
    refusesHost("pre_tokenizer \"Digits\"");
  }

  private static String isolated(String regex) {
    return split(regex, "Isolated", false);
  }

  private static String removedBetween(String regex) {
    return split(regex, "Removed", true);
  }

  private static String split(String regex, String behavior, boolean invert) {
    ObjectNode step = new ObjectMapper().createObjectNode().put("type", "Split");
    step.putObject("pattern").put("Regex", regex);
    return step.put("behavior", behavior).put("invert", invert).toString();
  }

  private void cutsAs(String pre, boolean ignoreMerges, String... steps) {
    write(Family.QWEN2);
    edit(
        t -> {
          model(t).put("ignore_merges", ignoreMerges);
          ArrayNode all =
              t.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
          for (String step : steps) {
            try {
              String json = step.startsWith("{'") ? step.replace('\'', '"') : step;
              all.add(new ObjectMapper().readTree(json));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        });
    assertThat(host().string("tokenizer.ggml.pre")).as(pre).hasValue(pre);
  }

  @Test
  void saysThatAPatternIsUnknownNotThatTheLibraryLacksIt() {
    write(Family.QWEN2);
    splitBy("\\p{L}+|.");
    refusesHost("Mneme knows no value of tokenizer.ggml.pre", "smollm", "tekken");
  }

  @Test
  void refusesALeadingBlankInByteLevelPreTokenizing() {
    write(Family.GPT2);
    settings(c -> c.put("add_prefix_space", true));
    refusesHost("add_prefix_space");
  }

  @ParameterizedTest
  @CsvSource({"first, false, true", "never, false, false"})
  void readsMetaspace(String scheme, boolean split, boolean prefix) {
    write(Family.MISTRAL);
    edit(
        t -> {
          t.putNull("normalizer");
          t.putObject("pre_tokenizer")
              .put("type", "Metaspace")
              .put("replacement", "\u2581")
              .put("prepend_scheme", scheme)
              .put("split", split);
        });
    assertThat(host().bool("tokenizer.ggml.add_space_prefix")).hasValue(prefix);
  }

  @Test
  void refusesANormalizerThatGgufCannotExpress() {
    write(Family.LLAMA);
    edit(t -> t.putObject("normalizer").put("type", "NFKC"));
    refusesHost("the normalizer \"NFKC\" cannot be written as GGUF");
  }

  @Test
  void refusesAnotherNormalizerBesideComposition() {
    write(Family.GPT_NEOX);
    edit(
        t -> {
          ArrayNode steps =
              t.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
          steps.addObject().put("type", "NFC");
          steps.addObject().put("type", "Lowercase");
        });
    refusesHost("the normalizer \"Lowercase\" cannot be written as GGUF");
  }

  @Test
  void refusesMergesInAnOrderThatScoresCannotExpress() {
    write(Family.LLAMA);
    edit(t -> merges(t).remove(2)); // the only merge that makes the piece " the"
    refusesHost("\"\u2581t\" and \"he\" spell \"\u2581the\", but are no merge");
  }

  @Test
  void refusesMergesOfOnePieceThatStandApart() {
    write(Family.LLAMA);
    edit(t -> merges(t).add("\u2581 t"));
    refusesHost("merges of \"\u2581t\" stand apart");
  }

  @Test
  void refusesAVocabularyWithoutAllBytes() {
    write(Family.LLAMA);
    edit(t -> vocab(t).put("other", vocab(t).remove("<0x41>").intValue()));
    refusesHost("lacks the byte <0x41>");
  }

  @Test
  void readsMergesAsPairsAndAsText() {
    write(Family.LLAMA);
    List<TokenizerJson.Merge> asText = read().merges();
    edit(
        t -> {
          ArrayNode pairs = t.arrayNode();
          merges(t)
              .forEach(
                  m -> {
                    String[] parts = m.textValue().split(" ", -1);
                    pairs.addArray().add(parts[0]).add(parts[1]);
                  });
          model(t).set("merges", pairs);
        });
    assertThat(read().merges()).isEqualTo(asText).hasSize(7);
  }

  @Test
  void takesSpecialTokensByNameFromTheTokenizersSettings() {
    write(Family.QWEN2);
    ModelEdit.json(
        directory,
        "tokenizer_config.json",
        c -> {
          c.putObject("eos_token").put("content", "in");
          c.put("bos_token", "<|endoftext|>");
        });
    TokenizerJson tokenizer = read();
    assertThat(tokenizer.bos()).hasValue(256);
    assertThat(tokenizer.ends()).containsExactly(260, 256);
  }

  @Test
  void takesFurtherEndsFromTheGenerationSettings() {
    write(Family.LLAMA);
    ModelEdit.json(
        directory, "generation_config.json", c -> c.putArray("eos_token_id").add(2).add(5));
    assertThat(read().vocabulary().endIds()).containsExactly(2, 5);
  }

  @Test
  void keepsAddedTokensThatAreNotSpecialAsText() {
    write(Family.LLAMA);
    int id = HuggingFaceConfig.read(directory).vocabulary() - 1;
    edit(
        t ->
            t.withArray("added_tokens")
                .addObject()
                .put("id", id)
                .put("content", "<tool>\u2581")
                .put("special", false));
    Vocabulary vocabulary = read().vocabulary();
    assertThat(vocabulary.describe(id)).isEqualTo("\"<tool> \"");
    assertThat(vocabulary.differencesFrom(GgufVocabulary.read(host()))).isEmpty();
  }

  @Test
  void carriesTheChatTemplateIntoTheHost() {
    write(Family.LLAMA);
    ModelEdit.json(directory, "tokenizer_config.json", c -> c.put("chat_template", "{{ x }}"));
    assertThat(host().string("tokenizer.chat_template")).hasValue("{{ x }}");
  }

  @Test
  void takesTheChatTemplateOfAFileOfItsOwnFirst() throws IOException {
    write(Family.LLAMA);
    assertThat(read().chatTemplate()).isEmpty();
    ModelEdit.json(directory, "tokenizer_config.json", c -> c.put("chat_template", "old"));
    assertThat(read().chatTemplate()).hasValue("old");
    Files.writeString(directory.resolve("chat_template.jinja"), "new \u00e9\n");
    assertThat(read().chatTemplate()).hasValue("new \u00e9\n");
    assertThat(host().string("tokenizer.chat_template")).hasValue("new \u00e9\n");
  }

  @Test
  void takesTheDefaultOfSeveralChatTemplates() {
    write(Family.LLAMA);
    ModelEdit.json(
        directory,
        "tokenizer_config.json",
        c -> {
          ArrayNode templates = c.putArray("chat_template");
          templates.addObject().put("name", "tool_use").put("template", "tools");
          templates.addObject().put("name", "default").put("template", "plain");
        });
    assertThat(read().chatTemplate()).hasValue("plain");
    ModelEdit.json(
        directory, "tokenizer_config.json", c -> ((ArrayNode) c.get("chat_template")).remove(1));
    assertThat(read().chatTemplate()).isEmpty();
  }

  @Test
  void refusesAChatTemplateThatIsNotUtf8() throws IOException {
    write(Family.LLAMA);
    Files.write(directory.resolve("chat_template.jinja"), new byte[] {'{', (byte) 0xFF});
    assertThatThrownBy(this::read)
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("chat_template.jinja", "UTF-8");
  }

  @Test
  void refusesAChatTemplateThatIsANumber() {
    write(Family.LLAMA);
    ModelEdit.json(directory, "tokenizer_config.json", c -> c.put("chat_template", 5));
    assertThatThrownBy(this::read)
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("tokenizer_config.json", "\"chat_template\" must be a string");
  }

  @ParameterizedTest
  @CsvSource({"LLAMA, true, true", "MISTRAL, true, true", "QWEN2, false, false"})
  void tellsWhatATextBeginsWith(Family family, boolean bos, boolean blank) {
    write(family);
    assertThat(read().beginsWithBos()).isEqualTo(bos);
    assertThat(read().addsLeadingSpace()).isEqualTo(blank);
  }

  @Test
  void addsALeadingSpaceWhereByteLevelPreTokenizingDoes() {
    write(Family.GPT2);
    edit(t -> ((ObjectNode) t.get("pre_tokenizer")).put("add_prefix_space", true));
    settings(c -> c.put("tokenizer_class", "PreTrainedTokenizerFast"));
    assertThat(read().addsLeadingSpace()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "GPT2, GPT2Tokenizer, true, true",
    "GPT2, GPT2TokenizerFast, false, false",
    "GPT2, , true, true",
    "GPT2, PreTrainedTokenizerFast, true, false",
    "GPT_NEOX, , true, true",
    "GPT_NEOX, GPTNeoXTokenizerFast, true, true",
    "QWEN2, Qwen2Tokenizer, true, true",
    "QWEN2, PreTrainedTokenizerFast, true, true",
    "QWEN3, , true, true",
    "QWEN3, PreTrainedTokenizerFast, true, false"
  })
  void takesTheLeadingSpaceFromTheSettingsWhereTheClassDoes(
      Family family, @Nullable String tokenizerClass, boolean setting, boolean added) {
    write(family);
    settings(
        c -> {
          c.put("add_prefix_space", setting).remove("tokenizer_class");
          if (tokenizerClass != null) {
            c.put("tokenizer_class", tokenizerClass);
          }
        });
    assertThat(read().addsLeadingSpace()).isEqualTo(added);
  }

  @Test
  void forgetsALeadingSpaceThatTheClassTakesFromTheSettingsAlone() {
    write(Family.GPT2);
    edit(t -> ((ObjectNode) t.get("pre_tokenizer")).put("add_prefix_space", true));
    settings(c -> c.put("tokenizer_class", "GPT2Tokenizer"));
    assertThat(read().addsLeadingSpace()).isFalse();
  }

  /** As in transformers 5, where a tokenizer.json alone decides. */
  @Test
  void beginsWithoutBosWhereNoTemplateSays() {
    write(Family.LLAMA);
    edit(t -> t.remove("post_processor"));
    assertThat(read().beginsWithBos()).isFalse();
    settings(c -> c.put("add_bos_token", true));
    assertThat(read().beginsWithBos()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "LlamaTokenizer, , , first",
    "LlamaTokenizerFast, true, , first",
    "LlamaTokenizerFast, , true, always",
    "LlamaTokenizerFast, false, true, never",
    "PreTrainedTokenizerFast, true, true, ",
    ", true, true, "
  })
  void buildsLlamasStepsFromTheSettingsWhereTheClassDoes(
      @Nullable String tokenizerClass,
      @Nullable Boolean prefix,
      @Nullable Boolean legacy,
      @Nullable String scheme) {
    write(Family.LLAMA);
    settings(
        c ->
            c.put("tokenizer_class", tokenizerClass)
                .put("add_prefix_space", prefix)
                .put("legacy", legacy));
    TokenizerJson tokenizer = read();
    if (scheme == null) {
      assertThat(tokenizer.components("normalizer", "normalizers")).isNotEmpty();
    } else {
      assertThat(tokenizer.components("normalizer", "normalizers")).isEmpty();
      assertThat(tokenizer.json().get("pre_tokenizer").get("prepend_scheme").string())
          .isEqualTo(scheme);
    }
  }

  @ParameterizedTest
  @CsvSource({"first, true", "always, true", "never, false"})
  void saysThatABlankAtTheStartStaysAlone(String scheme, boolean kept) {
    write(Family.LLAMA);
    edit(
        t -> {
          t.remove("normalizer");
          t.putObject("pre_tokenizer")
              .put("type", "Metaspace")
              .put("replacement", "\u2581")
              .put("prepend_scheme", scheme)
              .put("split", false);
        });
    GgufFile host = host();
    assertThat(host.bool(GgufVocabulary.KEEPS_LEADING_BLANK).orElse(false)).isEqualTo(kept);
    assertThat(host.bool("tokenizer.ggml.add_space_prefix")).hasValue(kept);
  }

  private void settings(Consumer<ObjectNode> edit) {
    try {
      Path file = directory.resolve("tokenizer_config.json");
      if (!Files.exists(file)) {
        Files.writeString(file, "{}");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ModelEdit.json(directory, "tokenizer_config.json", edit);
  }

  @Test
  void doesNotBeginWithBosWhereTheTemplateBeginsOtherwise() {
    write(Family.LLAMA);
    edit(t -> single(t).remove(0));
    assertThat(read().beginsWithBos()).isFalse();
    edit(t -> single(t).removeAll());
    assertThat(read().beginsWithBos()).isFalse();
    edit(t -> single(t).addObject().putObject("SpecialToken").put("id", "</s>"));
    assertThat(read().beginsWithBos()).isFalse();
  }

  @Test
  void refusesAFolderWithoutTokenizer() throws IOException {
    write(Family.LLAMA);
    Files.delete(directory.resolve("tokenizer.json"));
    assertThatThrownBy(this::read)
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("has no tokenizer.json", "save_pretrained");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Unigram", "WordPiece"})
  void refusesAnotherTokenizerModel(String type) {
    write(Family.LLAMA);
    edit(t -> model(t).put("type", type));
    refuses("\"model.type\" must be BPE", type);
  }

  @Test
  void refusesATokenizerThatCannotSpellEveryText() {
    write(Family.LLAMA);
    edit(t -> model(t).put("byte_fallback", false));
    assertThatThrownBy(this::read)
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("ByteLevel", "byte_fallback");
  }

  @Test
  void refusesMarkedWordParts() {
    write(Family.LLAMA);
    edit(t -> model(t).put("end_of_word_suffix", "</w>"));
    refuses("\"model.end_of_word_suffix\" must be absent or empty");
  }

  @Test
  void refusesOneIdForTwoEntries() {
    write(Family.LLAMA);
    edit(t -> vocab(t).put("a", vocab(t).get("b").intValue()));
    refuses("\"model.vocab.", "must be an id of its own");
  }

  @Test
  void refusesOneTextForTwoIds() {
    write(Family.LLAMA);
    int id = HuggingFaceConfig.read(directory).vocabulary() - 1;
    edit(
        t ->
            t.withArray("added_tokens")
                .addObject()
                .put("id", id)
                .put("content", "a")
                .put("special", true));
    refuses("and " + id + " are both \"a\"");
  }

  @Test
  void refusesAnAddedTokenUnlikeTheEntryOfItsId() {
    write(Family.LLAMA);
    edit(t -> ((ObjectNode) t.get("added_tokens").get(1)).put("content", "<begin>"));
    refuses("\"added_tokens[1].content\" must be \"<s>\", what id 1 is");
  }

  @Test
  void refusesAnIdBeyondTheModel() {
    write(Family.LLAMA);
    edit(t -> vocab(t).put("zzz", 5000));
    refuses("\"model.vocab.zzz\" must be below vocab_size of config.json", "5000");
  }

  @Test
  void refusesAnUnknownTokenThatIsNoEntry() {
    write(Family.LLAMA);
    edit(t -> model(t).put("unk_token", "<what>"));
    refuses("\"model.unk_token\" must be in the vocabulary", "<what>");
  }

  @Test
  void refusesASpecialTokenThatIsNoEntry() {
    write(Family.LLAMA);
    ModelEdit.json(directory, "tokenizer_config.json", c -> c.put("bos_token", "<begin>"));
    assertThatThrownBy(this::read)
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("tokenizer_config.json", "\"bos_token\"", "<begin>");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "a b c", "a  b"})
  void refusesAMergeThatIsNotTwoEntries(String merge) {
    write(Family.LLAMA);
    edit(t -> merges(t).add(merge));
    refusesHost("\"model.merges[7]\" must be two entries");
  }

  @Test
  void refusesAMergeOfSomethingThatIsNoEntry() {
    write(Family.LLAMA);
    edit(t -> merges(t).add("q z"));
    refusesHost("\"model.merges[7]\" must be made of entries; \"qz\" is not in the vocabulary");
  }

  private void write(Family family) {
    TinyModel.write(directory, family, 1);
  }

  private TokenizerJson read() {
    return TokenizerJson.read(directory, HuggingFaceConfig.read(directory));
  }

  private Vocabulary vocabulary(Family family) {
    write(family);
    return read().vocabulary();
  }

  private GgufFile host() {
    Path file = directory.resolve("host.gguf");
    GgufConverter.convertHost(directory, file, WeightType.F32);
    return GgufFile.read(file);
  }

  private void splitBy(String pattern) {
    edit(
        t -> {
          ArrayNode steps =
              t.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
          ObjectNode split = steps.addObject().put("type", "Split").put("behavior", "Isolated");
          split.putObject("pattern").put("Regex", pattern);
          steps
              .addObject()
              .put("type", "ByteLevel")
              .put("add_prefix_space", false)
              .put("use_regex", false);
        });
  }

  private void edit(Consumer<ObjectNode> edit) {
    ModelEdit.json(directory, "tokenizer.json", edit);
  }

  private static ObjectNode model(ObjectNode tokenizer) {
    return (ObjectNode) tokenizer.get("model");
  }

  private static ArrayNode single(ObjectNode tokenizer) {
    return (ArrayNode) tokenizer.get("post_processor").get("single");
  }

  private static ObjectNode vocab(ObjectNode tokenizer) {
    return (ObjectNode) model(tokenizer).get("vocab");
  }

  private static ArrayNode merges(ObjectNode tokenizer) {
    return (ArrayNode) model(tokenizer).get("merges");
  }

  private void refuses(String... messageParts) {
    assertThatThrownBy(this::read)
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("tokenizer.json")
        .hasMessageContainingAll(messageParts);
  }

  private void refusesHost(String... messageParts) {
    assertThatThrownBy(this::host)
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(messageParts);
    assertThat(directory.resolve("host.gguf")).doesNotExist();
  }
}

package dev.mneme.store.hf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mneme.MalformedFileException;
import dev.mneme.Vocabulary;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Beginning and end of a text where a folder's files name ids that the model has no row for. */
class SpecialIdsTest {

  @TempDir private Path directory;

  @BeforeEach
  void write() {
    TinyModel.write(directory, Family.LLAMA, 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-1",
        "null",
        "[]",
        "[-1]",
        "[null]",
        "9999",
        "2147483648",
        "18446744073709551615"
      })
  void takesAnIdWithoutARowForNone(String ids) {
    set("config.json", "eos_token_id", ids);
    set("config.json", "bos_token_id", ids);
    set("config.json", "pad_token_id", ids);
    assertThat(vocabulary().endIds()).isEmpty();
    assertThat(vocabulary().bos()).hasValue(1); // the tokenizer's template has its own word on it
  }

  @Test
  void takesTheFamilysOwnIdsWhereNoFileSaysAnything() {
    ModelEdit.json(directory, "config.json", config -> config.remove("eos_token_id"));
    ModelEdit.json(directory, "config.json", config -> config.remove("bos_token_id"));
    assertThat(vocabulary().endIds()).containsExactly(2);
    assertThat(vocabulary().bos()).hasValue(1);
  }

  @ParameterizedTest
  @CsvSource({"'[2, -1]'", "'[null, 2]'", "'[9999, 2]'", "2", "'[2]'"})
  void keepsTheIdsOfAListThatHaveRows(String ids) {
    set("config.json", "eos_token_id", ids);
    assertThat(vocabulary().endIds()).containsExactly(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "null", "[3, 9999]", "[3, -1]", "9999"})
  void readsGenerationSettingsLikewise(String ids) {
    set("generation_config.json", "eos_token_id", ids);
    assertThat(vocabulary().endIds())
        .containsExactlyElementsOf(ids.contains("3") ? List.of(2, 3) : List.of(2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"2.5", "\"2\"", "true", "{}", "[[2]]"})
  void refusesWhatIsNoId(String ids) {
    set("config.json", "eos_token_id", ids);
    assertThatThrownBy(this::vocabulary)
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("config.json", "eos_token_id");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void ignoresAnAddedTokenBeyondTheRows(boolean special) {
    Vocabulary before = vocabulary();
    addBeyond("<late>", special);
    assertThat(vocabulary().differencesFrom(before)).isEmpty();
    assertThat(vocabulary().size()).isEqualTo(before.size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"eos_token", "bos_token"})
  void saysThatTheEmbeddingWasNotResizedForAMarkBeyondTheRows(String role) {
    int rows = addBeyond("<|im_end|>", true);
    set("tokenizer_config.json", role, "\"<|im_end|>\"");
    assertThatThrownBy(this::vocabulary)
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll(
            "tokenizer_config.json",
            "\"" + role + "\"",
            "<|im_end|>",
            "the id " + rows,
            "rows for " + rows + " ids only",
            "resize_token_embeddings");
  }

  @Test
  void letsThePaddingMarkBeBeyondTheRows() {
    addBeyond("<pad>", true);
    set("tokenizer_config.json", "pad_token", "\"<pad>\"");
    assertThat(vocabulary().endIds()).containsExactly(2);
  }

  private int addBeyond(String text, boolean special) {
    int rows = HuggingFaceConfig.read(directory).vocabulary();
    ModelEdit.json(
        directory,
        "tokenizer.json",
        tokenizer ->
            tokenizer
                .withArray("added_tokens")
                .addObject()
                .put("id", rows)
                .put("content", text)
                .put("special", special));
    return rows;
  }

  private void set(String file, String field, String value) {
    ModelEdit.json(directory, file, json -> json.set(field, parse(value)));
  }

  private static JsonNode parse(String value) {
    try {
      return new ObjectMapper().readTree(value);
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  private Vocabulary vocabulary() {
    return TokenizerJson.read(directory, HuggingFaceConfig.read(directory)).vocabulary();
  }
}

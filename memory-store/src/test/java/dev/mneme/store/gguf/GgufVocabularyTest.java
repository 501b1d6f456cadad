package dev.mneme.store.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.Vocabulary;
import dev.mneme.Vocabulary.Kind;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufVocabularyTest {
  private static final int NORMAL = 1;
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;
  private static final int BYTE = 6;

  private final Path path;

  GgufVocabularyTest(@TempDir Path directory) {
    this.path = directory.resolve("vocabulary.gguf");
  }

  /** Collects a vocabulary, one token after the other. */
  private final class Tokens {
    private final GgufWriter writer = new GgufWriter();
    private final List<byte[]> tokens = new ArrayList<>();
    private final List<Integer> types = new ArrayList<>();

    Tokens(String model) {
      writer.put("tokenizer.ggml.model", model);
    }

    Tokens add(String token, int type) {
      return add(token.getBytes(StandardCharsets.UTF_8), type);
    }

    Tokens add(byte[] token, int type) {
      tokens.add(token);
      types.add(type);
      return this;
    }

    Tokens id(String key, long id) {
      writer.putUint32("tokenizer.ggml." + key, id);
      return this;
    }

    Tokens withTypes(int... values) {
      writer.putInts("tokenizer.ggml.token_type", values);
      return this;
    }

    Vocabulary read() {
      return withTypes(types.stream().mapToInt(Integer::intValue).toArray()).readAsIs();
    }

    Vocabulary readAsIs() {
      writer
          .put("tokenizer.ggml.tokens", GgufValue.Texts.of(tokens.toArray(byte[][]::new)))
          .write(path);
      return GgufVocabulary.read(GgufFile.read(path));
    }
  }

  private static void assertEntry(Vocabulary vocabulary, int id, String text, Kind kind) {
    assertEntry(vocabulary, id, text.getBytes(StandardCharsets.UTF_8), kind);
  }

  private static void assertEntry(Vocabulary vocabulary, int id, byte[] bytes, Kind kind) {
    assertThat(vocabulary.bytes(id)).isEqualTo(bytes);
    assertThat(vocabulary.kind(id)).isEqualTo(kind);
  }

  @Test
  void takesMarksThatAConverterTypedAsTextForMarks() {
    Vocabulary vocabulary =
        new Tokens("llama")
            .add("<unused7>", USER_DEFINED)
            .add("<|fim_prefix|>", USER_DEFINED)
            .add("<mask>", USER_DEFINED)
            .add("<table>", USER_DEFINED)
            .add("<unused8>", NORMAL)
            .read();
    assertEntry(vocabulary, 0, "<unused7>", Kind.CONTROL);
    assertEntry(vocabulary, 1, "<|fim_prefix|>", Kind.CONTROL);
    assertEntry(vocabulary, 2, "<mask>", Kind.CONTROL);
    assertEntry(vocabulary, 3, "<table>", Kind.ADDED);
    assertEntry(vocabulary, 4, "<unused8>", Kind.TEXT);
  }

  @Test
  void sentencePieceEntriesSpellTheirText() {
    Vocabulary vocabulary =
        new Tokens("llama")
            .add("<unk>", UNKNOWN)
            .add("<s>", CONTROL)
            .add("</s>", CONTROL)
            .add("<0x0A>", BYTE)
            .add("<0xff>", BYTE)
            .add("▁the▁", NORMAL)
            .add("▁raw", USER_DEFINED)
            .add("Ġ", NORMAL)
            .add("gone", UNUSED)
            .id("bos_token_id", 1)
            .id("eos_token_id", 2)
            .read();

    assertThat(vocabulary.size()).isEqualTo(9);
    assertEntry(vocabulary, 0, "<unk>", Kind.CONTROL);
    assertEntry(vocabulary, 1, "<s>", Kind.CONTROL);
    assertEntry(vocabulary, 3, "\n", Kind.TEXT);
    assertEntry(vocabulary, 4, new byte[] {(byte) 0xFF}, Kind.TEXT);
    assertEntry(vocabulary, 5, " the ", Kind.TEXT);
    assertEntry(vocabulary, 6, "▁raw", Kind.ADDED);
    assertEntry(vocabulary, 7, "Ġ", Kind.TEXT);
    assertEntry(vocabulary, 8, "gone", Kind.UNUSED);
    assertThat(vocabulary.bos()).hasValue(1);
    assertThat(vocabulary.endIds()).containsExactly(2);
  }

  @Test
  void byteLevelEntriesSpellTheirBytes() {
    Vocabulary vocabulary =
        new Tokens("gpt2")
            .add("Ġthe", NORMAL)
            .add("Ã", NORMAL)
            .add("▁", NORMAL)
            .add("Ġ ", USER_DEFINED)
            .read();

    assertEntry(vocabulary, 0, " the", Kind.TEXT);
    assertEntry(vocabulary, 1, new byte[] {(byte) 0xC3}, Kind.TEXT);
    assertEntry(vocabulary, 2, "▁", Kind.TEXT);
    assertEntry(vocabulary, 3, "Ġ ", Kind.ADDED);
    assertThat(vocabulary.bos()).isEmpty();
    assertThat(vocabulary.endIds()).isEmpty();
  }

  @Test
  void entriesThatAreNotUtf8KeepTheirBytes() {
    byte[] torn = {(byte) 0xE2, (byte) 0x96, 'x'};
    assertEntry(new Tokens("llama").add(torn, NORMAL).read(), 0, torn, Kind.TEXT);
    assertEntry(new Tokens("gpt2").add(torn, NORMAL).read(), 0, torn, Kind.TEXT);
  }

  @Test
  void theReplacementCharacterIsAnOrdinaryEntry() {
    assertEntry(new Tokens("llama").add("▁\uFFFD", NORMAL).read(), 0, " \uFFFD", Kind.TEXT);
  }

  @Test
  void endIdsAreTheNamedIdsAndTheWellKnownNames() {
    Vocabulary vocabulary =
        new Tokens("gpt2")
            .add("a", NORMAL)
            .add("<|im_end|>", CONTROL)
            .add("<end_of_turn>", USER_DEFINED)
            .add("</s>", CONTROL)
            .add("<|mine|>", CONTROL)
            .add("<|yours|>", CONTROL)
            .add("<|theirs|>", CONTROL)
            .add("<|start|>", CONTROL)
            .id("eos_token_id", 4)
            .id("eot_token_id", 5)
            .id("eom_token_id", 6)
            .read();

    assertThat(vocabulary.endIds()).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(vocabulary.kind(2)).isEqualTo(Kind.CONTROL);
  }

  @Test
  void anEndTagThatIsTextEndsNothing() {
    Vocabulary vocabulary = new Tokens("gpt2").add("</s>", NORMAL).read();
    assertEntry(vocabulary, 0, "</s>", Kind.TEXT);
    assertThat(vocabulary.endIds()).isEmpty();
  }

  @Test
  void paddingIsUnusedWhateverItsType() {
    Vocabulary vocabulary =
        new Tokens("gpt2")
            .add("[PAD1]", USER_DEFINED)
            .add("[PAD1]", USER_DEFINED)
            .add("[PAD2]", UNUSED)
            .read();

    assertThat(vocabulary.kind(0)).isEqualTo(Kind.ADDED);
    assertThat(vocabulary.kind(1)).isEqualTo(Kind.UNUSED);
    assertThat(vocabulary.kind(2)).isEqualTo(Kind.UNUSED);
  }

  @Test
  void withoutTypesEveryEntryIsText() {
    Vocabulary vocabulary = new Tokens("llama").add("▁a", 0).add("b", 0).readAsIs();
    assertEntry(vocabulary, 0, " a", Kind.TEXT);
    assertEntry(vocabulary, 1, "b", Kind.TEXT);
  }

  @Test
  void takesNoSpecialIdFromOneOutsideTheTokens() {
    for (String key : List.of("bos_token_id", "eos_token_id", "eot_token_id", "eom_token_id")) {
      for (long id : new long[] {1, 99_999, 0xFFFFFFFFL}) {
        Vocabulary vocabulary = new Tokens("llama").add("a", NORMAL).id(key, id).read();
        assertThat(vocabulary.bos()).isEmpty();
        assertThat(vocabulary.endIds()).isEmpty();
      }
    }
  }

  @Test
  void refusesMoreOrFewerTypesThanTokens() {
    assertThatExceptionOfType(MalformedFileException.class)
        .isThrownBy(() -> new Tokens("llama").add("a", NORMAL).withTypes(1, 1).readAsIs())
        .withMessageContaining("2 types for 1 tokens");
  }

  @Test
  void refusesAnUnknownTokenType() {
    assertThatExceptionOfType(MalformedFileException.class)
        .isThrownBy(() -> new Tokens("llama").add("a", 7).read())
        .withMessageContaining("token 0 has unknown type 7");
  }

  @Test
  void refusesAByteTokenWithoutAByte() {
    assertThatExceptionOfType(MalformedFileException.class)
        .isThrownBy(() -> new Tokens("llama").add("<0xZZ>", BYTE).read())
        .withMessageContaining("token 0 is a byte");
  }

  @Test
  void refusesAnEmptyTokenList() {
    assertThatExceptionOfType(MalformedFileException.class)
        .isThrownBy(() -> new Tokens("llama").read())
        .withMessageContaining("absent or empty");
  }

  @Test
  void refusesOtherKindsOfTokenizer() {
    assertThatExceptionOfType(MnemeException.class)
        .isThrownBy(() -> new Tokens("bert").add("a", NORMAL).read())
        .withMessageContaining("expected \"llama\" or \"gpt2\", found \"bert\"");
  }

  @Test
  void refusesAFileWithoutATokenizer() {
    new GgufWriter().write(path);
    assertThatExceptionOfType(MnemeException.class)
        .isThrownBy(() -> GgufVocabulary.read(GgufFile.read(path)))
        .withMessageContaining("has no vocabulary");
  }
}

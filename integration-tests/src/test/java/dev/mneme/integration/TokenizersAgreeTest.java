package dev.mneme.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.Tokenizer;
import dev.mneme.djl.FolderTokenizer;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.hf.HuggingFaceConfig;
import dev.mneme.store.testing.Architectures;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A folder's tokenizer and the one of the GGUF file made of it give every text the same ids. */
class TokenizersAgreeTest {

  private static final int ROUNDS = 400;

  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "   ",
          "the theatre in thin air",
          " a \n\n b  \r\n\t\tx\t",
          "don't can't we'll I'M 'S they've he'd 're 'lll '",
          " 's ''s a'sb 'sa\u2019s",
          "1234567 \u00bd \u2167 \u00b2\u00b3 \u0663\u0664",
          "na\u00efve caf\u00e9 e\u0301 a\u0308",
          "\u4e2d\u6587\u5b57 \u65e5\u672c\u8a9e \ud55c\uad6d\uc5b4 \u05e9\u05dc\u05d5\u05dd",
          "\ud83d\ude00\ud83d\ude03 \ud83d\udc68\u200d\ud83d\udc69 \ud835\udc9c\ud835\udfd9",
          "\u00a0x\u2003y\u3000z\u2028w\u0085v\u200bu\ufeffq",
          "lone \ud83d and \ude00 \ud83d\ude00",
          "zero \0 and \0\0 and \u0001\u007f",
          "<|endoftext|> a<|endoftext|>b",
          "<s>the</s> </s><s><unk> <tool>a <tool> in<tool>",
          "<s <</s>> <0x41> \u2581 \u2581\u2581the",
          "a".repeat(500));

  /** What random texts are made of. */
  private static final List<String> PIECES =
      List.of(
          " ",
          "  ",
          "\n",
          "\t",
          "\r\n",
          "'s",
          "'",
          "the",
          "in",
          "er",
          "Q",
          "\u00e9",
          "\u0301",
          "\u4e2d",
          "\u00a0",
          "\u3000",
          "\u0085",
          "\u2581",
          "\u2167",
          "7",
          "42",
          ".",
          "--",
          "\ud83d\ude00",
          "\ud83d",
          "\ude00",
          "\0",
          "\u200d",
          "<s>",
          "</s>",
          "<unk>",
          "<|endoftext|>",
          "<tool>",
          "<",
          ">",
          "|",
          "<0x0A>");

  @TempDir private Path directory;

  @ParameterizedTest
  @EnumSource
  void onAConvertedFolder(Family family) {
    Architectures.assumeSupported(family);
    TinyModel.write(directory, family, 1);
    if (family == Family.GPT_NEOX) {
      ModelEdit.json(directory, "tokenizer.json", t -> t.remove("normalizer")); // see below
    }
    addToken(HuggingFaceConfig.read(directory).vocabulary() - 1, "<tool>");
    compare(
        directory,
        converted(),
        text -> family == Family.GEMMA3 ? text.replace("\u2581", "") : text); // see below
  }

  @Test
  void onTheHostThatShips() throws IOException {
    for (String file : List.of("config.json", "tokenizer.json", "tokenizer_config.json")) {
      String resource = "META-INF/mneme/hosts/host-3m/" + file;
      try (InputStream in = getClass().getClassLoader().getResourceAsStream(resource)) {
        if (in != null) {
          Files.copy(in, directory.resolve(file));
        }
      }
    }
    compare(directory, ClassPathModels.here().host("host-3m"), text -> text);
  }

  @Test
  void exceptThatLlamaCppDoesNotComposeCharacters() {
    TinyModel.write(directory, Family.QWEN2, 1);
    ModelEdit.json(directory, "tokenizer.json", t -> t.putObject("normalizer").put("type", "NFC"));
    try (LlamaCppHost host = LlamaCppHost.open(converted());
        FolderTokenizer folder = FolderTokenizer.open(directory)) {
      String text = "cafe\u0301 the \u1112\u1161\u11ab";
      String composed = Normalizer.normalize(text, Normalizer.Form.NFC);
      assertThat(folder.encode(text)).isEqualTo(host.tokenizer().encode(composed));
      assertThat(folder.encode(text)).isNotEqualTo(host.tokenizer().encode(text));
    }
  }

  @Test
  void exceptThatLlamaCppDoesNotKnowUnicode16() {
    TinyModel.write(directory, Family.GPT2, 1);
    ModelEdit.json(
        directory,
        "tokenizer.json",
        t -> {
          // Cut off after a letter, and part of the signs after a sign.
          t.withArray("/model/merges").addArray().add("'").add("s");
          ((ObjectNode) t.at("/model/vocab")).put("'s", 261);
        });
    try (LlamaCppHost host = LlamaCppHost.open(converted());
        FolderTokenizer folder = FolderTokenizer.open(directory)) {
      String old = "\ud80c\udc00's"; // an Egyptian hieroglyph of Unicode 5.2
      assertThat(folder.encode(old)).isEqualTo(host.tokenizer().encode(old));
      String young = "\ud80d\udc60's"; // one of Unicode 16
      assertThat(folder.encode(young)).contains(261);
      assertThat(host.tokenizer().encode(young)).doesNotContain(261);
    }
  }

  @Test
  void exceptThatLlamaCppPutsABlankBehindAMark() {
    TinyModel.write(directory, Family.MISTRAL, 1);
    ModelEdit.json(
        directory,
        "tokenizer.json",
        t -> {
          t.putNull("normalizer");
          t.putObject("pre_tokenizer")
              .put("type", "Metaspace")
              .put("replacement", "\u2581")
              .put("prepend_scheme", "first")
              .put("split", false);
        });
    try (LlamaCppHost host = LlamaCppHost.open(converted());
        FolderTokenizer folder = FolderTokenizer.open(directory)) {
      assertThat(folder.encode("the")).isEqualTo(host.tokenizer().encode("the"));
      assertThat(folder.encode(" the")).isEqualTo(folder.encode("the"));
      assertThat(host.tokenizer().encode(" the")).isEqualTo(folder.encode(" the"));
      assertThat(folder.encode("</s> the", true, true))
          .isEqualTo(host.tokenizer().encode("</s>the", true, true));
    }
  }

  @Test
  void exceptThatLlamaCppTakesTheLongestOfOverlappingAddedTokens() {
    TinyModel.write(directory, Family.GPT2, 1);
    addToken(261, "<ab");
    addToken(262, "b><cd>");
    try (LlamaCppHost host = LlamaCppHost.open(converted());
        FolderTokenizer folder = FolderTokenizer.open(directory)) {
      assertThat(folder.encode("<ab><cd>")).startsWith(261).doesNotContain(262);
      assertThat(host.tokenizer().encode("<ab><cd>")).endsWith(262).doesNotContain(261);
    }
  }

  @Test
  void exceptThatLlamaCppDoesNotTakeTheSignOfABlankForOneInGemmasRuns() {
    TinyModel.write(directory, Family.GEMMA3, 1);
    try (LlamaCppHost host = LlamaCppHost.open(converted());
        FolderTokenizer folder = FolderTokenizer.open(directory)) {
      assertThat(folder.encode("a  b")).isEqualTo(host.tokenizer().encode("a  b"));
      assertThat(folder.encode("a \u2581b")).isEqualTo(folder.encode("a  b"));
      assertThat(host.tokenizer().encode("a \u2581b"))
          .hasSizeGreaterThan(folder.encode("a \u2581b").length);
    }
  }

  private Path converted() {
    Path gguf = directory.resolve("host.gguf");
    GgufConverter.convertHost(directory, gguf, WeightType.F32);
    return gguf;
  }

  /** Adds a token that is found in text whether special ones are or not. */
  private void addToken(int id, String content) {
    ModelEdit.json(
        directory,
        "tokenizer.json",
        t -> {
          ObjectNode token = t.get("added_tokens").get(0).deepCopy();
          token.put("id", id).put("content", content).put("special", false);
          t.withArray("added_tokens").add(token);
        });
  }

  private static void compare(Path folder, Path gguf, UnaryOperator<String> known) {
    try (LlamaCppHost host = LlamaCppHost.open(gguf);
        FolderTokenizer tokenizer = FolderTokenizer.open(folder)) {
      assertThat(tokenizer.vocabulary().differencesFrom(host.vocabulary())).isEmpty();
      assertThat(tokenizer.addsLeadingSpace()).isEqualTo(host.tokenizer().addsLeadingSpace());
      TEXTS.forEach(text -> compare(tokenizer, host.tokenizer(), known.apply(text)));
      var random = new Random(5);
      for (int round = 0; round < ROUNDS; round++) {
        var text = new StringBuilder();
        for (int n = random.nextInt(12); n >= 0; n--) {
          text.append(
              random.nextInt(5) == 0
                  ? Character.toString(random.nextInt(0x3000))
                  : PIECES.get(random.nextInt(PIECES.size())));
        }
        compare(tokenizer, host.tokenizer(), known.apply(text.toString()));
      }
    }
  }

  private static void compare(Tokenizer folder, Tokenizer gguf, String text) {
    for (boolean bos : new boolean[] {false, true}) {
      for (boolean special : new boolean[] {false, true}) {
        int[] ids = folder.encode(text, bos, special);
        assertThat(ids)
            .as("%s, bos %s, special %s", text, bos, special)
            .isEqualTo(gguf.encode(text, bos, special));
        assertThat(folder.decode(ids)).isEqualTo(gguf.decode(ids));
      }
    }
  }
}

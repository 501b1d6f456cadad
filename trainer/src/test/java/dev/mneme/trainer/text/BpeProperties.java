package dev.mneme.trainer.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class BpeProperties {

  /** Few letters, so that pairs tie, overlap ({@code aaa}) and spell the same by several ways. */
  @Property(tries = 300)
  void learnsWhatThePlainTrainerLearns(
      @ForAll @Size(min = 1, max = 6) List<@From("texts") String> texts,
      @ForAll @IntRange(min = 1, max = 3) int fewest) {
    PlainBpe plain = PlainBpe.learn(texts, 300, fewest);
    int size = plain.entries.size();
    BpeTokenizer learned = learn(texts, size, fewest);
    assertThat(learned.entries()).isEqualTo(plain.entries);
    assertThat(learned.merges().stream().map(m -> entries(learned, m)).toList())
        .isEqualTo(plain.merges.subList(0, learned.merges().size()));
  }

  @Property(tries = 200)
  void theOrderOfDocumentsDoesNotMatter(
      @ForAll @Size(min = 2, max = 6) List<@From("texts") String> texts) {
    int size = PlainBpe.learn(texts, 290, 1).entries.size();
    List<String> reversed = new ArrayList<>(texts);
    Collections.reverse(reversed);
    assertThat(learn(reversed, size, 1).digest()).isEqualTo(learn(texts, size, 1).digest());
  }

  @Property(tries = 300)
  void idsAreThoseOfApplyingMergeAfterMerge(
      @ForAll @Size(min = 1, max = 4) List<@From("texts") String> texts,
      @ForAll("texts") String text) {
    BpeTokenizer tokenizer = learn(texts, PlainBpe.learn(texts, 300, 1).entries.size(), 1);
    var encoder = new BpeEncoder(tokenizer);
    for (int round = 0; round < 2; round++) { // the second from the cache
      int[] ids = encoder.encode(text);
      assertThat(Arrays.stream(ids).boxed().toList()).isEqualTo(PlainBpe.encode(tokenizer, text));
    }
  }

  @Property(tries = 300)
  void idsSpellTheTextAgain(@ForAll String text) {
    BpeTokenizer tokenizer = learn(List.of(TestText.sentences(5, 2000)), 320, 2);
    var spelled = new ByteArrayOutputStream();
    for (int id : new BpeEncoder(tokenizer).encodeDocument(text)) {
      spelled.writeBytes(tokenizer.spell(id));
    }
    assertThat(spelled.toByteArray()).isEqualTo(text.getBytes(StandardCharsets.UTF_8));
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.strings().withChars("aaabbc 'sé1.").ofMaxLength(60);
  }

  private static BpeTokenizer learn(List<String> texts, int size, int fewest) {
    return BpeTrainer.train(
        TestText.documents(texts.toArray(String[]::new)), new BpeTrainer.Settings(size, fewest));
  }

  private static List<String> entries(BpeTokenizer tokenizer, BpeTokenizer.Merge merge) {
    return List.of(tokenizer.entries().get(merge.left()), tokenizer.entries().get(merge.right()));
  }
}

package dev.mneme.trainer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

final class ShuffleProperties {

  @Property
  void aPassSeesEveryElementOnce(
      @ForAll @IntRange(min = 1, max = 300) int size,
      @ForAll long seed,
      @ForAll @IntRange(max = 5) int pass) {
    var shuffle = new Shuffle(size, seed);
    assertThat(LongStream.range(0, size).map(i -> shuffle.at((long) pass * size + i)))
        .doesNotHaveDuplicates()
        .allMatch(element -> element >= 0 && element < size)
        .hasSize(size);
  }

  @Property(tries = 50)
  void passesDifferFromEachOther(@ForAll long seed) {
    var shuffle = new Shuffle(1_000, seed);
    assertThat(LongStream.range(0, 1_000).map(shuffle::at).toArray())
        .isNotEqualTo(LongStream.range(1_000, 2_000).map(shuffle::at).toArray());
  }
}

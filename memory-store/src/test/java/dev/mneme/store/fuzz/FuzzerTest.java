package dev.mneme.store.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The judge finds readers with planted defects, and lets those without pass. */
class FuzzerTest {

  private static final Duration LONG = Duration.ofMinutes(10);

  /** A reader made for the test, of small inputs. */
  private record Planted(Consumer<byte[]> reader) implements FuzzTarget {

    @Override
    public String name() {
      return "planted";
    }

    @Override
    public List<byte[]> seeds() {
      return List.of("a valid file".getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public AllocationBound bound() {
      return new AllocationBound(32 << 10, 4);
    }

    @Override
    public void read(byte[] input) {
      reader.accept(input);
    }
  }

  private static FuzzWatch watched(Consumer<byte[]> reader, Duration limit) {
    var watch = new FuzzWatch(new Fuzzer(List.of(new Planted(reader)), 1), limit);
    assertThat(watch.run(0, 5, List.of("planted"), LONG)).isBetween(1L, 5L);
    return watch;
  }

  private static String defect(Consumer<byte[]> reader) {
    List<Finding> findings = watched(reader, LONG).findings();
    assertThat(findings).hasSize(5);
    return findings.getFirst().defect();
  }

  @Test
  void aReaderThatAcceptsOrRefusesHasNoDefect() {
    FuzzWatch watch =
        watched(
            input -> {
              if (input.length % 2 == 0) {
                throw new MalformedFileException("an even length");
              }
            },
            LONG);
    Tally tally = watch.tally("planted");
    assertThat(watch.findings()).isEmpty();
    assertThat(tally.accepted() + tally.refused()).isEqualTo(5);
  }

  @Test
  void anUntypedExceptionIsFound() {
    assertThat(defect(input -> throwing(new ArrayIndexOutOfBoundsException(7))))
        .contains("ArrayIndexOutOfBoundsException");
  }

  private static void throwing(RuntimeException exception) {
    throw exception;
  }

  @Test
  void aRefusalOfAnotherKindThanTheTargetHasIsFound() {
    assertThat(defect(input -> throwing(new MnemeException("cannot read it"))))
        .contains("cannot read it");
  }

  @Test
  void anOverflowingStackIsFound() {
    assertThat(defect(FuzzerTest::recursive)).contains("StackOverflowError");
  }

  @SuppressWarnings("InfiniteRecursion") // that is what is looked for
  private static void recursive(byte[] input) {
    recursive(input);
  }

  @Test
  void memoryForALengthThatIsOnlyClaimedIsFound() {
    assertThat(defect(input -> assertThat(new byte[1 << 20]).isNotNull()))
        .contains("allocated")
        .contains("at most");
  }

  @Test
  void memoryThatIsTakenOnlyTheFirstTimeIsNoDefect() {
    boolean[] loaded = new boolean[1];
    FuzzWatch watch =
        watched(
            input -> {
              if (!loaded[0]) {
                loaded[0] = true;
                assertThat(new byte[1 << 20]).isNotNull();
              }
            },
            LONG);
    assertThat(watch.findings()).isEmpty();
  }

  @Test
  void aReaderThatNeverComesBackIsFoundAndEndsTheRun() {
    List<Finding> findings =
        watched(
                input -> {
                  while (!Thread.interrupted()) {
                    Thread.onSpinWait();
                  }
                },
                Duration.ofMillis(200))
            .findings();
    assertThat(findings).hasSize(1);
    assertThat(findings.getFirst().defect()).contains("not through").contains("FuzzerTest");
  }

  @Test
  void aSeedAndANumberGiveTheSameInputAtAnyTime() {
    var fuzzer = new Fuzzer(List.of(new Planted(input -> {})), 7);
    var again = new Fuzzer(List.of(new Planted(input -> {})), 7);
    var other = new Fuzzer(List.of(new Planted(input -> {})), 8);
    int differing = 0;
    for (long number = 99; number >= 0; number--) {
      assertThat(again.input(number)).isEqualTo(fuzzer.input(number));
      differing += Arrays.equals(other.input(number), fuzzer.input(number)) ? 0 : 1;
    }
    assertThat(differing).isGreaterThan(80);
  }
}

package dev.mneme.llamacpp.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What two calls over two patterns tell of a struct. */
class DefaultBytesTest {

  private static DefaultBytes of(int extent, List<String> holes, String... values) {
    return StructImage.of("test", extent, holes, List.of(values)).defaults();
  }

  @Test
  void theLengthIsThatOfWholeWordsUpToTheLastByteWritten() {
    assertThat(of(0, List.of()).length()).isZero();
    assertThat(of(1, List.of()).length()).isEqualTo(8);
    assertThat(of(64, List.of()).length()).isEqualTo(64);
    assertThat(of(65, List.of()).length()).isEqualTo(72);
    assertThat(of(72, List.of("8-70")).length()).isEqualTo(72);
  }

  @Test
  void anIntIsFoundOnlyWhereAllItsBytesWereWritten() {
    assertThat(of(8, List.of(), "4=512").isInt(4, 512)).isTrue();
    assertThat(of(8, List.of(), "4=512").isInt(4, 513)).isFalse();
    assertThat(of(8, List.of("7"), "4=512").isInt(4, 512)).isFalse();
    assertThat(of(6, List.of(), "4=512").isInt(4, 512)).isFalse();
  }

  @Test
  void aPatternThatWasLeftIsNoValue() {
    DefaultBytes nothing = DefaultBytes.of(new byte[16], filled(16, (byte) 1));
    assertThat(nothing.isInt(0, 0)).isFalse();
    assertThat(nothing.isNull(0)).isFalse();
    assertThat(nothing.isBool(0, false)).isFalse();
  }

  private static byte[] filled(int length, byte value) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, value);
    return bytes;
  }

  @Test
  void aBoolIsOneByteOfZeroOrOne() {
    DefaultBytes defaults = of(16, List.of("3"), "1=true", "4=2");
    assertThat(defaults.isBool(0, false)).isTrue();
    assertThat(defaults.isBool(1, true)).isTrue();
    assertThat(defaults.isBool(1, false)).isFalse();
    assertThat(defaults.isBool(3, false)).isFalse();
    assertThat(defaults.isBool(4, true)).isFalse();
    assertThat(defaults.isBool(4, false)).isFalse();
  }

  @Test
  void aNullPointerIsEightZeros() {
    DefaultBytes defaults = of(32, List.of("20"), "15=true");
    assertThat(defaults.isNull(0)).isTrue();
    assertThat(defaults.isNull(8)).isFalse();
    assertThat(defaults.isNull(16)).isFalse();
    assertThat(defaults.isNull(24)).isTrue();
    assertThat(defaults.isNull(32)).isFalse();
  }

  @Test
  void theFirstIntIsAnAlignedOneFromTheStartAsked() {
    DefaultBytes defaults = of(32, List.of("8-11"), "4=7", "8=9", "12=9", "16=7");
    assertThat(defaults.firstInt(0, 7)).isEqualTo(4);
    assertThat(defaults.firstInt(8, 7)).isEqualTo(16);
    assertThat(defaults.firstInt(0, 9)).isEqualTo(12);
    assertThat(defaults.firstInt(20, 7)).isEqualTo(-1);
    assertThat(of(8, List.of(), "1=7").firstInt(0, 7)).isEqualTo(-1);
  }

  @Test
  void readsWhatANativeFunctionReturnsInMemory() {
    try (Arena arena = Arena.ofConfined()) {
      StructImage image = StructImage.of("test", 40, List.of(), List.of("4=77", "32=-1"));
      DefaultBytes read = DefaultBytes.read(FakeLibrary.returningStruct(image.toArray(), arena));
      assertThat(read.length()).isEqualTo(40);
      assertThat(read.isInt(4, 77)).isTrue();
      assertThat(read.isInt(32, -1)).isTrue();
      assertThat(read.isNull(8)).isTrue();
    }
  }
}

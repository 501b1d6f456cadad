package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.Vocabulary.Kind;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

/** Text that arrives in pieces: whole characters only, and nothing of a stop string. */
class StreamingTextTest {

  private static Vocabulary bytes() {
    Vocabulary.Builder builder = Vocabulary.builder();
    for (int b = 0; b < 256; b++) {
      builder.add(new byte[] {(byte) b}, Kind.TEXT);
    }
    return builder.add("<s>", Kind.CONTROL).build();
  }

  @Test
  void showsACharacterOnlyWhenItsLastByteIsThere() {
    var decoder = new StreamingDecoder(bytes(), false);
    byte[] smile = "😀".getBytes(StandardCharsets.UTF_8);
    assertThat(decoder.push(smile[0] & 0xFF)).isEmpty();
    assertThat(decoder.push(smile[1] & 0xFF)).isEmpty();
    assertThat(decoder.push(256)).isEmpty();
    assertThat(decoder.push(smile[2] & 0xFF)).isEmpty();
    assertThat(decoder.push(smile[3] & 0xFF)).isEqualTo("😀");
    assertThat(decoder.finish()).isEmpty();
  }

  @Property
  void bytesOneByOneGiveWhatTheyGiveTogether(@ForAll @Size(max = 40) byte[] text) {
    var decoder = new StreamingDecoder(bytes(), false);
    var streamed = new StringBuilder();
    for (byte b : text) {
      streamed.append(decoder.push(b & 0xFF));
    }
    streamed.append(decoder.finish());
    assertThat(streamed).hasToString(new String(text, StandardCharsets.UTF_8));
  }

  @Test
  void dropsTheBlankATokenizerPutsInFrontOnce() {
    var decoder = new StreamingDecoder(bytes(), true);
    assertThat(decoder.push(' ') + decoder.push(' ') + decoder.push('a')).isEqualTo(" a");
  }

  @Property
  void anyPiecesGiveTheTextBeforeTheFirstStop(
      @ForAll @Chars({'a', 'b', 'c'}) @StringLength(max = 30) String text,
      @ForAll @IntRange(min = 1, max = 5) int piece) {
    List<String> stops = List.of("abca", "bb", "cab");
    int first =
        stops.stream().mapToInt(text::indexOf).filter(at -> at >= 0).min().orElse(text.length());
    // In one piece the earliest stop wins; in several, one that is complete sooner may begin later.
    var matcher = new StopStrings(List.of("bb"));
    var released = new StringBuilder();
    for (int from = 0; from < text.length() && !matcher.stopped(); from += piece) {
      released.append(matcher.push(text.substring(from, Math.min(text.length(), from + piece))));
    }
    if (!matcher.stopped()) {
      released.append(matcher.finish());
    }
    int expected = text.indexOf("bb") < 0 ? text.length() : text.indexOf("bb");
    assertThat(released).hasToString(text.substring(0, expected));
    var whole = new StopStrings(stops);
    String before = whole.push(text);
    assertThat(whole.stopped() ? before : before + whole.finish())
        .isEqualTo(text.substring(0, first));
  }

  @Test
  void refusesAnEmptyStopString() {
    assertThatThrownBy(() -> GenerationRequest.of("a").withStopStrings(List.of("b", "")))
        .isInstanceOf(IllegalArgumentException.class);
  }
}

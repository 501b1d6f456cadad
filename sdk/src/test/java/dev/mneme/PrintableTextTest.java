package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Text of others in messages, logs and terminals. */
class PrintableTextTest {

  @ParameterizedTest
  @ValueSource(strings = {"", "plain", "C:\\new\\table", "Été 你好 🙂", "100 %s"})
  void visibleTextStaysAsItIs(String text) {
    assertThat(PrintableText.of(text)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "10, \\n", // a line break
    "13, \\r",
    "9, \\t",
    "0, \\u0000",
    "27, \\u001B", // begins escape sequences of terminals
    "127, \\u007F",
    "155, \\u009B", // the same in one character
    "133, \\u0085", // a line break to some
    "8232, \\u2028",
    "8233, \\u2029",
    "8238, \\u202E", // right to left from here
    "8294, \\u2066",
    "8203, \\u200B", // takes no place
    "65279, \\uFEFF",
    "1564, \\u061C",
    "917569, \\uDB40\\uDC41" // a tag character beyond 16 bits
  })
  void whatIsNotVisibleOnOneLineIsEscaped(int codePoint, String escaped) {
    String text = "a" + Character.toString(codePoint) + "b";
    assertThat(PrintableText.of(text)).isEqualTo("a" + escaped + "b");
  }

  @Test
  void everyControlAndFormatCharacterIsEscaped() {
    IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
        .filter(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT)
        .forEach(
            c ->
                assertThat(PrintableText.escape(Character.toString(c)))
                    .as("U+%04X", c)
                    .startsWith("\\"));
  }

  @Test
  void halfOfASurrogatePairIsEscaped() {
    assertThat(PrintableText.of("x\ud83dy")).isEqualTo("x\\uD83Dy");
  }

  @Test
  void escapingTwiceChangesNothing() {
    String once = PrintableText.of("a\nb\u001b[31m");
    assertThat(PrintableText.of(once)).isEqualTo(once);
  }

  @ParameterizedTest
  @CsvSource({
    "see https://bob:pw@hub/x now, see https://***@hub/x now",
    "https://bob:p@s/s@hub/x, https://***@hub/x",
    "https://token@hub/x, https://***@hub/x",
    "https://u:pw@mirror/p/https://hub.test, https://***@mirror/p/https://hub.test",
    "https://u:pw@hub/x?up=https://y, https://***@hub/x?up=https://y",
    "http://hub:8080/models/@scope/x, http://hub:8080/models/@scope/x",
    "https://hub/a@b, https://hub/a@b",
    "hf:own/law@main, hf:own/law@main",
    "no address: a:b@c, no address: a:b@c"
  })
  void usersAndPasswordsOfAddressesAreReplaced(String text, String shown) {
    assertThat(PrintableText.of(text)).isEqualTo(shown);
    assertThat(new MnemeException(text)).hasMessage(shown);
  }

  @Test
  void aTextFullOfAddressesTakesNoTime() {
    String text = "://a:".repeat(1 << 18);
    assertThat(PrintableText.of(text)).hasSizeLessThan(3100);
  }

  @Test
  void theMiddleOfALongTextIsLeftOut() {
    String cut = PrintableText.of("begin " + "x".repeat(10_000) + " end", 100);
    assertThat(cut).startsWith("begin ").contains("(9910 characters left out)").endsWith(" end");
    assertThat(cut.length()).isLessThan(150);
  }

  @Test
  void aMessageIsOneLineWhateverItQuotes() {
    var e = new MnemeException("the domain is \"law\nsigned by   Real Office\"");
    assertThat(e).hasMessage("the domain is \"law\\nsigned by   Real Office\"");
  }

  @Test
  void eachDetailOfAMessageIsOneLineAndManyAreCut() {
    var e = new MalformedFileException("wrong:", List.of("first\nline", "second"));
    assertThat(e).hasMessage("wrong:\n  first\\nline\n  second");
    List<String> many = IntStream.range(0, 300).mapToObj(i -> "problem " + i).toList();
    assertThat(String.valueOf(new MnemeException("wrong:", many).getMessage()).lines())
        .hasSize(12)
        .last()
        .isEqualTo("  and 290 more");
  }

  @Test
  void aMessageOfAMegabyteIsCut() {
    assertThat(new MnemeException("x".repeat(1 << 20)).getMessage()).hasSizeLessThan(3100);
  }
}

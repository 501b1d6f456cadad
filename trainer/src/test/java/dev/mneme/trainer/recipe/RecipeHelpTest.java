package dev.mneme.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class RecipeHelpTest {

  @Test
  void everySettingOfEveryKindIsThereOnce() {
    String text = RecipeHelp.text();
    for (String kind : RecipeHelp.kinds()) {
      assertThat(text).contains('"' + kind + '"');
      for (RecipeHelp.Line line : RecipeHelp.lines(kind)) {
        var name = Pattern.compile("(?m)^  " + Pattern.quote(line.path()) + " +");
        assertThat(name.matcher(text).results()).as(line.path()).hasSize(1);
      }
    }
  }

  @Test
  void aSettingIsShownWithValuesAndDefault() {
    assertThat(RecipeHelp.lines("memory-decoder"))
        .contains(
            new RecipeHelp.Line(
                "neighbours.k",
                "a whole number in [1, 100000]",
                "1024",
                "neighbours that make a target (k)"),
            new RecipeHelp.Line(
                "validation",
                "an array of objects as in corpora",
                "[]",
                "text to draw the validation curve on; never trained on"));
    assertThat(RecipeHelp.text()).contains("constant, linear, cosine; default \"cosine\"");
  }

  @Test
  void linesFitATerminalAndEndWithoutBlanks() {
    assertThat(RecipeHelp.text().lines())
        .allSatisfy(line -> assertThat(line).hasSizeLessThan(100).doesNotEndWith(" "));
  }
}

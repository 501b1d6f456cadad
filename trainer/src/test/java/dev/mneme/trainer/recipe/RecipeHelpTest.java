package dev.mneme.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RecipeHelpTest {

  @Test
  void everySettingOfAKindIsThereOnceUnderItsName() {
    List<String> sections = Splitter.on("\n\"kind\": ").splitToList(RecipeHelp.text());
    for (String kind : RecipeHelp.kinds()) {
      String own =
          sections.stream()
              .filter(section -> section.lines().limit(1).anyMatch(l -> l.contains(quoted(kind))))
              .collect(Collectors.joining());
      for (RecipeHelp.Line line : RecipeHelp.lines(kind)) {
        var name = Pattern.compile("(?m)^  " + Pattern.quote(line.path()) + " +");
        assertThat(name.matcher(own).results()).as(kind + ": " + line.path()).hasSize(1);
      }
    }
  }

  private static String quoted(String kind) {
    return '"' + kind + '"';
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

package dev.mneme.trainer.recipe;

import com.google.common.base.Splitter;
import com.google.common.base.Strings;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Every setting of every kind of recipe, from the records that read them. */
public final class RecipeHelp {

  private static final int COLUMNS = 96;
  private static final int PATH_COLUMNS = 25;

  private RecipeHelp() {}

  /**
   * One setting.
   *
   * @param path names from the recipe inwards, {@code corpora[].part.seed}
   * @param values type and range
   * @param byDefault {@code required}, or its value as JSON where it is left out
   * @param about what it does
   */
  public record Line(String path, String values, String byDefault, String about) {}

  /** The settings of each kind, in reading order. */
  public static List<Line> lines(String kind) {
    Class<?> type = RecipeReader.kinds().get(kind);
    if (type == null) {
      throw new IllegalArgumentException("no kind of recipe: " + kind);
    }
    var lines = new ArrayList<Line>();
    add(lines, "", type, new HashMap<>());
    return lines;
  }

  /** All kinds of recipes. */
  public static List<String> kinds() {
    return List.copyOf(RecipeReader.kinds().keySet());
  }

  /** The settings of all kinds as text for a terminal; what kinds share stands there once. */
  public static String text() {
    var sections = new LinkedHashMap<List<String>, List<Line>>();
    for (Line line : kinds().stream().flatMap(kind -> lines(kind).stream()).distinct().toList()) {
      List<String> having = kinds().stream().filter(kind -> lines(kind).contains(line)).toList();
      sections.computeIfAbsent(having, kinds -> new ArrayList<>()).add(line);
    }
    var text = new StringBuilder();
    sections.forEach(
        (having, lines) -> {
          text.append("\n\"kind\": \"").append(String.join("\" or \"", having)).append("\"\n");
          lines.forEach(line -> append(text, line));
        });
    return text.toString();
  }

  private static void append(StringBuilder text, Line line) {
    String indent = "  " + " ".repeat(PATH_COLUMNS + 1);
    String path = "  " + Strings.padEnd(line.path(), PATH_COLUMNS, ' ') + " ";
    int column = path.length();
    text.append(path);
    for (String word : Splitter.on(' ').split(line.about())) {
      if (column + word.length() > COLUMNS) {
        text.setLength(text.length() - 1);
        text.append('\n').append(indent);
        column = indent.length();
      }
      text.append(word).append(' ');
      column += word.length() + 1;
    }
    text.setLength(text.length() - 1);
    text.append('\n').append(indent).append("  ").append(line.values());
    text.append("; ").append(shown(line.byDefault())).append('\n');
  }

  private static String shown(String byDefault) {
    return byDefault.equals("required") ? byDefault : "default " + byDefault;
  }

  private static void add(
      List<Line> lines, String path, Class<?> type, Map<Class<?>, String> described) {
    for (RecordComponent component : type.getRecordComponents()) {
      Setting setting = component.getAnnotation(Setting.class);
      String name = path + component.getName();
      Type element = elementOf(component.getGenericType());
      Class<?> plain = (Class<?>) element;
      boolean list = component.getType() == List.class;
      lines.add(
          new Line(
              name,
              values(plain, list, setting)
                  + (described.containsKey(plain) ? " as in " + described.get(plain) : ""),
              setting.byDefault().isEmpty() ? "required" : setting.byDefault(),
              setting.about()));
      if (isSettings(plain) && described.putIfAbsent(plain, name) == null) {
        add(lines, name + (list ? "[]." : "."), plain, described);
      }
    }
  }

  private static Type elementOf(Type type) {
    return type instanceof ParameterizedType generic ? generic.getActualTypeArguments()[0] : type;
  }

  private static boolean isSettings(Class<?> type) {
    return type.isRecord() && type.getRecordComponents()[0].isAnnotationPresent(Setting.class);
  }

  private static String values(Class<?> type, boolean list, Setting setting) {
    if (list) {
      String count = setting.range().isEmpty() ? "" : ", " + setting.range() + " of them";
      return "an array of " + elements(type, setting) + count;
    }
    if (type == int.class || type == long.class || type == Long.class) {
      return wholeNumber(setting.range());
    }
    if (type == double.class) {
      return "a number in " + setting.range();
    }
    if (type == boolean.class) {
      return "true or false";
    }
    if (type.isEnum()) {
      return Arrays.stream(type.getEnumConstants())
          .map(value -> RecipeReader.spelled((Enum<?>) value))
          .collect(Collectors.joining(", "));
    }
    return isSettings(type) ? "an object" : "a string";
  }

  private static String elements(Class<?> type, Setting setting) {
    if (type == Integer.class) {
      return "whole numbers in " + setting.each();
    }
    if (type == Double.class) {
      return "numbers in " + setting.each();
    }
    return isSettings(type) ? "objects" : "strings";
  }

  static String wholeNumber(String range) {
    return range.isEmpty() ? "a whole number" : "a whole number in " + range;
  }
}

package dev.mneme.trainer.recipe;

import dev.mneme.MalformedFileException;
import dev.mneme.store.json.JsonValue;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads a recipe by the {@link Setting}s of its record. Goes on behind a wrong setting, so that one
 * look at the message mends them all. Used once.
 */
final class RecipeReader {

  static final String KIND = "kind";

  private final Path file;
  private final List<String> problems = new ArrayList<>();
  private List<String> elsewhere = List.of();

  private RecipeReader(Path file) {
    this.file = file;
  }

  /** The kinds of recipes by their names. */
  static Map<String, Class<? extends Recipe>> kinds() {
    var kinds = new LinkedHashMap<String, Class<? extends Recipe>>();
    kinds.put("tokenizer", TokenizerRecipe.class);
    kinds.put("language-model", LanguageModelRecipe.class);
    kinds.put("memory-decoder", MemoryDecoderRecipe.class);
    kinds.put("mlp-memory", MlpMemoryRecipe.class);
    kinds.put("comparison", ComparisonRecipe.class);
    return kinds;
  }

  static Recipe read(Path file) {
    var reader = new RecipeReader(file);
    Recipe recipe = reader.readKind(JsonValue.read(file));
    if (recipe != null && reader.problems.isEmpty()) {
      return recipe;
    }
    throw reader.problems.size() == 1
        ? new MalformedFileException(file + ": " + reader.problems.getFirst())
        : new MalformedFileException(
            "%s: %d settings are wrong:".formatted(file, reader.problems.size()), reader.problems);
  }

  private @Nullable Recipe readKind(JsonValue json) {
    String names =
        kinds().keySet().stream().map(RecipeReader::quoted).collect(Collectors.joining(", "));
    Optional<JsonValue> kind = json.find(KIND);
    if (kind.isEmpty()) {
      problems.add("\"%s\" is missing: one of %s".formatted(KIND, names));
      return null;
    }
    Class<? extends Recipe> type = kind.get().isString() ? kinds().get(kind.get().string()) : null;
    if (type == null) {
      problems.add(
          "\"%s\" must be one of %s, found %s%s"
              .formatted(
                  KIND,
                  names,
                  kind.get(),
                  kind.get().isString()
                      ? NearestName.hint(kind.get().string(), kinds().keySet())
                      : ""));
      return null;
    }
    elsewhere = RecipeHelp.lines(kind.get().string()).stream().map(RecipeHelp.Line::path).toList();
    return type.cast(readRecord(json, "", type));
  }

  /** The record of a JSON object, or null if something in it is wrong. */
  private @Nullable Object readRecord(JsonValue json, String path, Class<?> type) {
    if (!json.isObject()) {
      problems.add("%s must be an object, found %s".formatted(quoted(path), json));
      return null;
    }
    int before = problems.size();
    Map<String, JsonValue> members = json.members();
    RecordComponent[] components = type.getRecordComponents();
    refuseUnknown(members, path, type);
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      String name = components[i].getName();
      values[i] = readSetting(members.get(name), join(path, name), components[i]);
    }
    return problems.size() > before ? null : construct(type, components, values, path);
  }

  private void refuseUnknown(Map<String, JsonValue> members, String path, Class<?> type) {
    List<String> known =
        Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName).toList();
    for (String name : members.keySet()) {
      boolean isKind = path.isEmpty() && name.equals(KIND);
      if (!known.contains(name) && !isKind) {
        problems.add(
            "%s is no setting%s; there are: %s"
                .formatted(quoted(join(path, name)), hint(name, known), String.join(", ", known)));
      }
    }
  }

  /** What may have been meant: a setting beside it, or one that stands elsewhere. */
  private String hint(String name, List<String> known) {
    String beside = NearestName.hint(name, known);
    return beside.isEmpty()
        ? elsewhere.stream()
            .filter(path -> path.endsWith("." + name))
            .findFirst()
            .map(path -> NearestName.hint(path, List.of(path)))
            .orElse("")
        : beside;
  }

  private @Nullable Object readSetting(
      @Nullable JsonValue json, String path, RecordComponent component) {
    Setting setting = component.getAnnotation(Setting.class);
    if (json != null) {
      return read(json, path, component.getGenericType(), setting);
    }
    if (component.getType() == Optional.class) {
      return Optional.empty();
    }
    if (setting.byDefault().isEmpty()) {
      String range = setting.range().isEmpty() ? "" : ", in " + setting.range();
      problems.add("%s is missing: %s%s".formatted(quoted(path), setting.about(), range));
      return null;
    }
    return read(defaultOf(setting), path, component.getGenericType(), setting);
  }

  private JsonValue defaultOf(Setting setting) {
    String text = "{\"default\": %s}".formatted(setting.byDefault());
    return JsonValue.parse(file.toString(), text.getBytes(StandardCharsets.UTF_8)).get("default");
  }

  private @Nullable Object read(JsonValue json, String path, Type type, Setting setting) {
    if (type instanceof ParameterizedType generic) {
      Type element = generic.getActualTypeArguments()[0];
      return generic.getRawType() == List.class
          ? readList(json, path, element, setting)
          : Optional.ofNullable(read(json, path, element, setting));
    }
    Class<?> plain = (Class<?>) type;
    if (plain == int.class || plain == long.class || plain == Long.class) {
      return readInteger(json, path, plain, setting.range());
    }
    if (plain == Integer.class) { // in lists only
      return readInteger(json, path, int.class, setting.each());
    }
    if (plain == double.class || plain == Double.class) {
      return readNumber(json, path, plain == double.class ? setting.range() : setting.each());
    }
    if (plain == boolean.class) {
      return json.isBool() ? json.bool() : wrong(path, "true or false", json);
    }
    if (plain.isEnum()) {
      return readEnum(json, path, plain);
    }
    if (plain == String.class) {
      return json.isString() ? json.string() : wrong(path, "a string", json);
    }
    return plain.getRecordComponents()[0].isAnnotationPresent(Setting.class)
        ? readRecord(json, path, plain)
        : readText(json, path, plain);
  }

  private @Nullable Object readInteger(JsonValue json, String path, Class<?> type, String range) {
    if (!json.isInteger() || (!range.isEmpty() && !Interval.of(range).contains(json.number()))) {
      return wrong(path, RecipeHelp.wholeNumber(range), json);
    }
    long value = json.integer(Long.MIN_VALUE, Long.MAX_VALUE);
    return type == int.class ? (Object) Math.toIntExact(value) : (Object) value;
  }

  private @Nullable Object readNumber(JsonValue json, String path, String range) {
    return json.isNumber() && Interval.of(range).contains(json.number())
        ? json.number()
        : wrong(path, "a number in " + range, json);
  }

  /** An enum's name in lower case; true and false may stand without quotes. */
  private @Nullable Object readEnum(JsonValue json, String path, Class<?> type) {
    String text = json.isString() ? json.string() : json.isBool() ? "" + json.bool() : "";
    for (Object value : type.getEnumConstants()) {
      if (spelled((Enum<?>) value).equals(text)) {
        return value;
      }
    }
    String names =
        Arrays.stream(type.getEnumConstants())
            .map(value -> spelled((Enum<?>) value))
            .collect(Collectors.joining(", "));
    return wrong(path, "one of " + names, json);
  }

  static String spelled(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private @Nullable List<Object> readList(
      JsonValue json, String path, Type element, Setting setting) {
    if (!json.isArray()) {
      wrong(path, "an array", json);
      return null;
    }
    List<JsonValue> elements = json.elements();
    if (!setting.range().isEmpty() && !Interval.of(setting.range()).contains(elements.size())) {
      problems.add(
          "%s must have a number of elements in %s, found %d"
              .formatted(quoted(path), setting.range(), elements.size()));
      return null;
    }
    var values = new ArrayList<Object>();
    for (int i = 0; i < elements.size(); i++) {
      Object value = read(elements.get(i), path + "[" + i + "]", element, setting);
      if (value == null) {
        return null;
      }
      values.add(value);
    }
    return List.copyOf(values);
  }

  /** A record around one string that checks it. */
  private @Nullable Object readText(JsonValue json, String path, Class<?> type) {
    if (!json.isString()) {
      return wrong(path, "a string", json);
    }
    try {
      return type.getConstructor(String.class).newInstance(json.string());
    } catch (InvocationTargetException e) {
      problems.add("%s is %s: %s".formatted(quoted(path), json, refusal(e)));
      return null;
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("a record around a string: " + type, e);
    }
  }

  private @Nullable Object construct(
      Class<?> type, RecordComponent[] components, Object[] values, String path) {
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      return type.getDeclaredConstructor(types).newInstance(values);
    } catch (InvocationTargetException e) {
      problems.add((path.isEmpty() ? "" : quoted(path) + ": ") + refusal(e));
      return null;
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("a record of settings: " + type, e);
    }
  }

  /** What a record's constructor says against its values. */
  private static String refusal(InvocationTargetException e) {
    if (e.getCause() instanceof IllegalArgumentException refused) {
      return String.valueOf(refused.getMessage());
    }
    throw new AssertionError("a recipe's record fails", e);
  }

  private @Nullable Object wrong(String path, String expected, JsonValue found) {
    problems.add("%s must be %s, found %s".formatted(quoted(path), expected, found));
    return null;
  }

  private static String join(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  private static String quoted(String text) {
    return "\"" + text + "\"";
  }
}

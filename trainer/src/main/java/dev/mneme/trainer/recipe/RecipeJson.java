package dev.mneme.trainer.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A recipe as JSON with every default filled in; {@link RecipeReader} reads it back. */
final class RecipeJson {

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private RecipeJson() {}

  static ObjectNode of(Recipe recipe) {
    ObjectNode json = NODES.objectNode();
    for (Map.Entry<String, Class<? extends Recipe>> kind : RecipeReader.kinds().entrySet()) {
      if (kind.getValue() == recipe.getClass()) {
        json.put(RecipeReader.KIND, kind.getKey());
      }
    }
    return json.setAll((ObjectNode) node(recipe));
  }

  /** Any setting. */
  static JsonNode node(Object value) {
    return switch (value) {
      case Integer number -> NODES.numberNode(number);
      case Long number -> NODES.numberNode(number);
      case Double number -> NODES.numberNode(number);
      case Boolean truth -> NODES.booleanNode(truth);
      case String text -> NODES.textNode(text);
      case Enum<?> constant -> NODES.textNode(RecipeReader.spelled(constant));
      case List<?> list -> {
        ArrayNode array = NODES.arrayNode();
        list.forEach(element -> array.add(node(element)));
        yield array;
      }
      case Record settings -> record(settings);
      default -> throw new IllegalArgumentException("no setting: " + value);
    };
  }

  private static JsonNode record(Record settings) {
    ObjectNode json = NODES.objectNode();
    for (RecordComponent component : settings.getClass().getRecordComponents()) {
      Object value = value(component, settings);
      if (!component.isAnnotationPresent(Setting.class)) {
        return node(value); // a record around one string
      }
      if (value instanceof Optional<?> maybe) {
        maybe.ifPresent(present -> json.set(component.getName(), node(present)));
      } else {
        json.set(component.getName(), node(value));
      }
    }
    return json;
  }

  private static Object value(RecordComponent component, Record settings) {
    try {
      return component.getAccessor().invoke(settings);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("a record's component: " + component, e);
    }
  }
}

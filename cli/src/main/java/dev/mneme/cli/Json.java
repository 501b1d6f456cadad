package dev.mneme.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MemoryUse;
import java.util.List;

/** JSON for machines: what the commands share of it. */
final class Json {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  static String write(ObjectNode node) {
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values did not serialise", e);
    }
  }

  static ArrayNode memories(List<MemoryUse> uses) {
    ArrayNode array = MAPPER.createArrayNode();
    for (MemoryUse use : uses) {
      ObjectNode node = array.addObject().put("name", use.name()).put("digest", use.digest());
      use.lambda().ifPresent(lambda -> node.put("lambda", lambda));
    }
    return array;
  }
}

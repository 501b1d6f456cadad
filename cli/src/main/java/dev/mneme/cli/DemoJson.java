package dev.mneme.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** The demo's figures for machines. */
final class DemoJson {

  private DemoJson() {}

  static ObjectNode of(String host, List<Demo.Domain> domains, Demo.Matrix matrix, double seconds) {
    ObjectNode json = Json.object().put("host", host);
    ArrayNode array = json.putArray("domains");
    domains.forEach(domain -> put(array.addObject(), domain));
    ArrayNode rows = json.putArray("matrix");
    matrix
        .rows()
        .forEach(
            (memory, row) -> {
              ObjectNode node = rows.addObject();
              if (memory.isEmpty()) {
                node.putNull("memory");
              } else {
                node.put("memory", memory).put("changeSeconds", matrix.changeSeconds().get(memory));
              }
              row.forEach(node.putObject("perplexity")::put);
            });
    return json.put("seconds", seconds);
  }

  private static void put(ObjectNode node, Demo.Domain domain) {
    node.put("domain", domain.passage().domain());
    node.putObject("memory")
        .put("name", domain.pack().name())
        .put("digest", domain.pack().digest())
        .put("bytes", Demo.bytes(domain.pack()))
        .put("lambda", domain.lambda())
        .put("attachSeconds", domain.attachSeconds());
    domain
        .reader()
        .ifPresent(
            reader ->
                node.putObject("mlpMemory")
                    .put("name", reader.pack().name())
                    .put("digest", reader.pack().digest())
                    .put("bytes", Demo.bytes(reader.pack()))
                    .put("lambda", reader.lambda())
                    .put("perplexity", reader.perplexity())
                    .put("perplexityTogether", reader.together())
                    .put("tokensPerSecond", reader.speed()));
    ObjectNode passage =
        node.putObject("passage")
            .put("text", domain.passage().text())
            .put("tokens", domain.passageTokens());
    put(passage.putObject("perplexity"), domain.perplexity());
    ArrayNode helped = passage.putArray("helped");
    for (Demo.Helped token : domain.helped()) {
      put(helped.addObject().put("token", token.token()), token.probability());
    }
    ObjectNode continuation =
        node.putObject("continuation")
            .put("prompt", domain.passage().prompt())
            .put("host", domain.withHost())
            .put("mixture", domain.mixedText())
            .put("changed", domain.changed());
    ArrayNode tokens = continuation.putArray("tokens");
    for (Demo.Written token : domain.withMemory()) {
      tokens
          .addObject()
          .put("id", token.id())
          .put("text", token.text())
          .put("share", token.share())
          .put("hostChoice", token.hostChoice())
          .put("hostText", token.hostText());
    }
    put(node.putObject("tokensPerSecond"), domain.speed());
  }

  private static void put(ObjectNode node, Demo.Pair pair) {
    node.put("host", pair.host()).put("mixture", pair.mixed());
  }
}

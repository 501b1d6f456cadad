package dev.mneme.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.gson.Gson;
import dev.mneme.Compatibility;
import dev.mneme.GeneratedToken;
import dev.mneme.Generation;
import dev.mneme.GenerationRequest;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryUse;
import dev.mneme.Perplexity;
import dev.mneme.Score;
import dev.mneme.TokenScore;
import dev.mneme.testing.BigramModel;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Results through the JSON mappers that web applications use, as these are without any module. */
class JsonResultsTest {

  private static final ObjectMapper PLAIN = new ObjectMapper();
  private static final ObjectMapper LENIENT =
      JsonMapper.builder()
          .disable(
              MapperFeature.REQUIRE_HANDLERS_FOR_JAVA8_OPTIONALS,
              MapperFeature.REQUIRE_HANDLERS_FOR_JAVA8_TIMES)
          .build();

  private final MemoryAugmentedModel model = MemoryAugmentedModel.over(new BigramModel("host", 1));

  @BeforeEach
  void attach() {
    model.attach(new BigramModel("law", 2), LambdaPolicy.fixed(0.5));
    model.attach(new BigramModel("finance", 3), (host, memory) -> 0.25);
  }

  @AfterEach
  void close() {
    model.close();
  }

  /** What each mapper makes of a result. */
  private static List<JsonNode> written(Object result) throws IOException {
    return List.of(
        PLAIN.readTree(PLAIN.writeValueAsString(result)),
        PLAIN.readTree(LENIENT.writeValueAsString(result)),
        PLAIN.readTree(new Gson().toJson(result)));
  }

  private static void hasMemories(JsonNode json) {
    assertThat(json.at("/memories/0/name").asText()).isEqualTo("law");
    assertThat(json.at("/memories/0/lambda").asDouble()).isEqualTo(0.5);
    assertThat(json.at("/memories/1/name").asText()).isEqualTo("finance");
    assertThat(json.at("/memories/1/lambda").isNumber()).isFalse();
  }

  @Test
  void aGenerationKeepsEveryShareByMemory() throws IOException {
    Generation generation =
        model.generate(GenerationRequest.of("abc").withMaxTokens(4).withStopAtEnd(false));
    for (JsonNode json : written(generation)) {
      hasMemories(json);
      assertThat(json.get("text").asText()).isEqualTo(generation.text());
      assertThat(json.get("promptSeconds").isNumber()).isTrue();
      for (int i = 0; i < generation.tokens().size(); i++) {
        GeneratedToken token = generation.tokens().get(i);
        JsonNode shares = json.at("/tokens/" + i + "/shares");
        assertThat(shares.fieldNames()).toIterable().containsExactly("law", "finance");
        token
            .shares()
            .forEach(
                (name, share) ->
                    assertThat(shares.get(name).asDouble()).isCloseTo(share, within(1e-12)));
      }
    }
    assertThat(PLAIN.readValue(PLAIN.writeValueAsString(generation), Generation.class))
        .isEqualTo(generation);
  }

  @Test
  void aScoreKeepsEveryProbabilityAndShareByMemory() throws IOException {
    Score score = model.score("abcdef");
    for (JsonNode json : written(score)) {
      hasMemories(json);
      for (int i = 0; i < score.tokens().size(); i++) {
        TokenScore token = score.tokens().get(i);
        JsonNode entry = json.at("/tokens/" + i);
        assertThat(entry.at("/shares/law").asDouble())
            .isCloseTo(token.shares().getOrDefault("law", -1.0), within(1e-12));
        assertThat(entry.at("/memories/finance").asDouble())
            .isCloseTo(token.memories().getOrDefault("finance", 1.0), within(1e-12));
      }
    }
    assertThat(PLAIN.readValue(PLAIN.writeValueAsString(score), Score.class)).isEqualTo(score);
  }

  @Test
  void theOtherResultsKeepWhatTheyHold() throws IOException {
    try (var perplexity = new Perplexity(model, 16, 8)) {
      perplexity.add(0, 2, 3, 4, 5);
      Perplexity.Result result = perplexity.result();
      for (JsonNode json : written(result)) {
        assertThat(json.at("/memories/law/perplexity").asDouble()).isPositive();
        assertThat(json.at("/uses/0/digest").asText()).startsWith("sha256:");
      }
    }
    for (JsonNode json : written(new MemoryUse("law", "sha256:0", null))) {
      assertThat(json.get("name").asText()).isEqualTo("law");
    }
    for (JsonNode json : written(new Compatibility("law", "host", List.of("because")))) {
      assertThat(json.at("/reasons/0").asText()).isEqualTo("because");
    }
  }
}

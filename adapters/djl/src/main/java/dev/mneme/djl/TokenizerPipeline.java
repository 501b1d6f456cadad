package dev.mneme.djl;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.Vocabulary;
import dev.mneme.djl.internal.RunLimit;
import dev.mneme.store.hf.TokenizerJson;
import java.util.List;

/**
 * A {@code tokenizer.json} as it is given to the Hugging Face tokenizers library: from text to ids
 * and no further.
 *
 * <p>Left out is what would cut, pad or frame a text (truncation, padding, post-processor), what
 * only serves decoding, and random dropout of merges. The library numbers added tokens itself, in
 * their order after the vocabulary; so that they keep the ids of the file whatever is left out,
 * they are entered in the vocabulary, where it looks first.
 */
final class TokenizerPipeline {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /**
   * Plain ASCII: half a surrogate pair, which JSON can spell, then reaches the library as an escape
   * and is refused by it. As a character it would make the binding misread others.
   */
  private static final ObjectWriter WRITER =
      MAPPER.writer().with(JsonWriteFeature.ESCAPE_NON_ASCII);

  private final String file;
  private final JsonNode root;
  private final Vocabulary meanings;
  private final List<RunLimit> limits;

  /**
   * Takes a description over.
   *
   * @throws MnemeException if it has a step that is not supported
   */
  TokenizerPipeline(TokenizerJson description) {
    this.limits = PipelineGuard.check(description.json());
    this.file = description.json().origin();
    this.root = description.json().tree();
    this.meanings = description.vocabulary();
  }

  /** What a text must keep to, so that the library comes to an end. */
  List<RunLimit> limits() {
    return limits;
  }

  /** Whether some text spells a special token. */
  boolean hasSpecial() {
    return root.path("added_tokens").valueStream().anyMatch(this::isSpecial);
  }

  /**
   * The library's description of the pipeline.
   *
   * @param special whether text that spells a special token becomes it; added tokens that are not
   *     special are always found
   */
  String json(boolean special) {
    ArrayNode added = JsonNodeFactory.instance.arrayNode();
    ObjectNode model = root.path("model").deepCopy();
    ObjectNode vocabulary = (ObjectNode) model.path("vocab");
    for (JsonNode token : root.path("added_tokens")) {
      if (isKnown(token) && (special || !isSpecial(token))) {
        added.add(token);
        vocabulary.set(token.path("content").textValue(), token.path("id"));
      }
    }
    model.put("type", "BPE").remove("dropout");
    ObjectNode pipeline = JsonNodeFactory.instance.objectNode();
    for (String part : new String[] {"version", "normalizer", "pre_tokenizer"}) {
      if (root.has(part)) {
        pipeline.set(part, root.get(part));
      }
    }
    pipeline.set("model", model);
    pipeline.set("added_tokens", added);
    try {
      return WRITER.writeValueAsString(pipeline);
    } catch (JsonProcessingException e) {
      throw new MalformedFileException(file + ": " + e.getOriginalMessage(), e);
    }
  }

  private boolean isKnown(JsonNode token) {
    return token.path("id").asInt() < meanings.size();
  }

  /** As the vocabulary has it: files do not call all marks special. */
  private boolean isSpecial(JsonNode token) {
    return isKnown(token) && meanings.kind(token.path("id").asInt()) == Vocabulary.Kind.CONTROL;
  }
}

package dev.mneme.trainer.recipe;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.trainer.TokenFile;
import dev.mneme.trainer.Tokenize;
import java.nio.file.Path;
import java.util.List;

/** The stage that makes ids of text; recipes that ask for the same share its output. */
record TokenStage(Workspace workspace, MadeFolder tokenizer, Stages stages) {

  /**
   * Tokenizes, unless that was done.
   *
   * @param name of the stage
   * @param characters there are, for the progress; 0 if that is not known
   * @param fewest characters of a corpus
   * @return the caller's to close
   */
  TokenFile run(String name, List<CorpusSettings> corpora, long characters, long fewest) {
    ObjectNode key = JsonNodeFactory.instance.objectNode();
    key.set("corpora", RecipeJson.node(corpora));
    key.put("tokenizer", tokenizer.path());
    Path output = workspace.shared("tokens", key);
    Path file = tokenizer.in(workspace.work()).resolve("tokenizer.json");
    long[] read = {0};
    return stages.run(
        name,
        "characters",
        output,
        meter ->
            new Tokenize(workspace.corpora(corpora), file, output, fewest)
                .run(count -> meter.at(read[0] += count, characters)));
  }
}

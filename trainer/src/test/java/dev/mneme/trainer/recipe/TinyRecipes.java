package dev.mneme.trainer.recipe;

import dev.mneme.trainer.text.TestText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Generated text and recipes small enough to train in seconds. */
final class TinyRecipes {

  static final String TOKENIZER =
      """
      {"kind": "tokenizer", "name": "tokenizer", "corpora": [{"files": ["train.txt"]}],
       "evaluation": ["test.txt"], "vocabulary": 300}
      """;

  private static final String NETWORK =
      """
      "tokenizer": "tokenizer", "corpora": [{"files": ["train.txt"]}],
      "evaluation": ["test.txt"],
      "batches": {"length": 32, "sequences": 2},
      "rate": {"steps": 6, "warmup": 2, "peak": 0.01},
      "compute": {"threads": 1, "bfloat16": false, "checkpointMinutes": 0, "pointEvery": 2}
      """;

  private static final String SHAPE =
      """
      "shape": {"hidden": 32, "layers": 2, "heads": 2, "kvHeads": 1, "feedForward": 48,
                "context": 48}
      """;

  private static final String VALIDATION =
      """
      "validation": [{"files": ["valid.txt"]}]
      """;

  static final String HOST =
      "{\"kind\": \"language-model\", \"name\": \"host\", %s, %s, %s}"
          .formatted(NETWORK, SHAPE, VALIDATION);

  static final String TUNED =
      "{\"kind\": \"language-model\", \"name\": \"tuned\", \"initial\": \"host\", %s}"
          .formatted(NETWORK);

  static final String LORA =
      "{\"kind\": \"language-model\", \"name\": \"adapted\", \"initial\": \"host\", \"lora\": {\"rank\": 3, \"alpha\": 6}, %s, %s}"
          .formatted(NETWORK, VALIDATION);

  private static final String BY_LISTS =
      "\"k\": 12, \"width\": 6, \"lists\": 6, \"probes\": 3, \"recallSample\": 10";

  /** With an exact search and no validation text. */
  static final String EXACT = memory("exact", "\"k\": 12, \"width\": 6", NETWORK);

  /** With inverted lists. */
  static final String LISTS = memory("lists", BY_LISTS, NETWORK + "," + VALIDATION);

  /** An MLP Memory of the same datastore and targets as {@link #LISTS}. */
  static final String MLP =
      """
      {"kind": "mlp-memory", "name": "mlp", "domain": "made-up words", "teacher": "host",
       "datastore": {"context": 48, "stride": 24}, "neighbours": {%s}, "lambda": 0.35,
       "shape": {"hidden": 24, "layers": 2, "feedForward": 40},
       "batches": {"rows": 96}, %s, %s}
      """
          .formatted(BY_LISTS, NETWORK.replaceFirst("\"batches\": .*\\R", ""), VALIDATION);

  private TinyRecipes() {}

  private static String memory(String name, String neighbours, String rest) {
    return """
    {"kind": "memory-decoder", "name": "%s", "domain": "made-up words", "teacher": "host",
     "datastore": {"context": 48, "stride": 24}, "neighbours": {%s}, "lambda": 0.45, %s, %s}
    """
        .formatted(name, neighbours, SHAPE, rest);
  }

  static Recipe read(Path folder, String json) {
    return Recipe.read(TestText.write(folder.resolve("recipe.json"), json));
  }

  /** A data folder with train.txt, valid.txt and test.txt. */
  static Path data(Path folder) throws java.io.IOException {
    Path data = Files.createDirectories(folder.resolve("data"));
    TestText.write(data.resolve("train.txt"), documents(1, 30));
    TestText.write(data.resolve("valid.txt"), documents(2, 4));
    TestText.write(data.resolve("test.txt"), documents(3, 4));
    return data;
  }

  private static String documents(long seed, int count) {
    var random = new Random(seed);
    return IntStream.range(0, count)
        .mapToObj(i -> TestText.sentences(random.nextLong(), 40 + random.nextInt(40)))
        .collect(Collectors.joining("\n\n", "", "\n"));
  }
}

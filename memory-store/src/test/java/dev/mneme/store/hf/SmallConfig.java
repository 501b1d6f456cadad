package dev.mneme.store.hf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.store.testing.ModelEdit;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Writes the {@code config.json} of a small model. */
final class SmallConfig {

  private SmallConfig() {}

  /** Reads back a family's file of 4 blocks and a context of 256. */
  static HuggingFaceConfig read(Path directory, String modelType, Consumer<ObjectNode> edit) {
    ModelEdit.json(
        directory,
        HuggingFaceConfig.FILE,
        c -> {
          c.removeAll();
          c.put("model_type", modelType);
          if (modelType.equals("gpt2")) {
            c.put("n_embd", 64).put("n_layer", 4).put("n_head", 4).put("n_positions", 256);
          } else {
            c.put("hidden_size", 64)
                .put("num_hidden_layers", 4)
                .put("num_attention_heads", 4)
                .put("num_key_value_heads", 2)
                .put("head_dim", 16)
                .put("intermediate_size", 96)
                .put("max_position_embeddings", 256);
          }
          c.put("vocab_size", 300);
          edit.accept(c);
        });
    return HuggingFaceConfig.read(directory);
  }
}

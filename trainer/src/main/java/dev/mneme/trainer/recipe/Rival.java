package dev.mneme.trainer.recipe;

import java.util.Optional;

/** A way to teach a host a domain; a row of the table of a {@link ComparisonRecipe}. */
enum Rival {
  LORA("lora", "+ LoRA", false),
  FINE_TUNED("fineTuned", "full fine-tuning", false),
  MEMORY_CE("memoryCe", "+ Memory Decoder, CE only", true),
  MEMORY("memory", "+ Memory Decoder, KL + CE", true),
  MLP_MEMORY("mlpMemory", "+ MLP Memory", true);

  private final String key;
  private final String label;
  private final boolean mixed;

  Rival(String key, String label, boolean mixed) {
    this.key = key;
    this.label = label;
    this.mixed = mixed;
  }

  /** Its name in recipes and results. */
  String key() {
    return key;
  }

  /** Its name for people. */
  String label() {
    return label;
  }

  /** Whether it is mixed with the host; otherwise it takes the host's place. */
  boolean isMixed() {
    return mixed;
  }

  /** The model that a recipe names for a domain. */
  Optional<MadeFolder> folder(ComparisonRecipe.Domain domain) {
    return switch (this) {
      case LORA -> domain.lora();
      case FINE_TUNED -> domain.fineTuned();
      case MEMORY_CE -> domain.memoryCe();
      case MEMORY -> domain.memory();
      case MLP_MEMORY -> domain.mlpMemory();
    };
  }
}

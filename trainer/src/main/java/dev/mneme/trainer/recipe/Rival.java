package dev.mneme.trainer.recipe;

import java.util.Optional;
import java.util.function.Function;

/** A way to teach a host a domain; a row of the table of a {@link ComparisonRecipe}. */
enum Rival {
  LORA("lora", "+ LoRA", false, ComparisonRecipe.Domain::lora),
  FINE_TUNED("fineTuned", "full fine-tuning", false, ComparisonRecipe.Domain::fineTuned),
  MEMORY_CE("memoryCe", "+ Memory Decoder, CE only", true, ComparisonRecipe.Domain::memoryCe),
  MEMORY("memory", "+ Memory Decoder, KL + CE", true, ComparisonRecipe.Domain::memory);

  private final String key;
  private final String label;
  private final boolean mixed;
  private final Function<ComparisonRecipe.Domain, Optional<MadeFolder>> folder;

  Rival(
      String key,
      String label,
      boolean mixed,
      Function<ComparisonRecipe.Domain, Optional<MadeFolder>> folder) {
    this.key = key;
    this.label = label;
    this.mixed = mixed;
    this.folder = folder;
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
    return folder.apply(domain);
  }
}

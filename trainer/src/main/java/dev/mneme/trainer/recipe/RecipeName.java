package dev.mneme.trainer.recipe;

import com.google.common.base.Preconditions;
import dev.mneme.store.PackManifest;

/**
 * A name that is also a folder's, by the rules for packs.
 *
 * @param text 1 to 64 of a-z, 0-9, '.', '_' and '-', a letter or digit first
 */
public record RecipeName(String text) {

  public RecipeName {
    Preconditions.checkArgument(
        PackManifest.isValidName(text),
        "expected 1 to 64 of a-z, 0-9, '.', '_' and '-', a letter or digit first");
  }

  @Override
  public String toString() {
    return text;
  }
}

package dev.mneme.store.hf;

import java.util.Set;

/**
 * The names of a folder's tensors. A folder that holds the base model alone leaves out the name
 * that the model with an output matrix has for it ({@code layers.0...} for {@code
 * model.layers.0...}); as in transformers each name may have it or not.
 *
 * @param stored the names in the files
 * @param base the name of the base model in the whole one, with its dot
 */
record TensorNames(Set<String> stored, String base) {

  /** The name under which a tensor is stored, given its full name; this if it is not there. */
  String of(String full) {
    if (stored.contains(full) || !full.startsWith(base)) {
      return full;
    }
    String within = full.substring(base.length());
    return stored.contains(within) ? within : full;
  }
}

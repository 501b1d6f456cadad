package dev.mneme.store.hf;

import dev.mneme.store.hf.HuggingFaceConfig.Architecture;

/** What a {@code config.json} says of the network beside it: a decoder's, or an MLP Memory's. */
public sealed interface NetworkShape permits HuggingFaceConfig, MlpShape {

  /** The family, by {@code model_type}. */
  Architecture architecture();

  /** Floats of the residual stream. */
  int hidden();

  /** Blocks. */
  int layers();

  /** Rows of the output matrix, padding included. */
  int vocabulary();
}

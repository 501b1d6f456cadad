/**
 * Models in the layout that Hugging Face publishes: {@code config.json}, SafeTensors weights and
 * {@code tokenizer.json}. {@link dev.mneme.store.hf.HuggingFaceModel} opens a folder and checks all
 * three against each other; {@link dev.mneme.store.hf.GgufConverter} turns one into a GGUF file.
 * {@link dev.mneme.store.hf.MlpModel} and {@link dev.mneme.store.hf.MlpGgufConverter} do the same
 * for an MLP Memory.
 */
@NullMarked
package dev.mneme.store.hf;

import org.jspecify.annotations.NullMarked;

/**
 * Models in the layout that Hugging Face publishes: {@code config.json}, SafeTensors weights and
 * {@code tokenizer.json}. {@link dev.mneme.store.hf.HuggingFaceModel} opens a folder and checks all
 * three against each other; {@link dev.mneme.store.hf.GgufConverter} turns one into a GGUF file.
 */
@NullMarked
package dev.mneme.store.hf;

import org.jspecify.annotations.NullMarked;

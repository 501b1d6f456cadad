/**
 * Models in the Hugging Face layout: their configuration, their tokenizer, and GGUF files made of
 * them.
 */
@NullMarked
package dev.mneme.store.hf;

import org.jspecify.annotations.NullMarked;

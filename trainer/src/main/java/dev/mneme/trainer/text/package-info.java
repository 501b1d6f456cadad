/**
 * Text for training: {@link dev.mneme.trainer.text.Corpus} reads it, {@link
 * dev.mneme.trainer.text.BpeTrainer} learns a tokenizer from it, {@link
 * dev.mneme.trainer.text.BpeEncoder} turns it into ids, and {@link
 * dev.mneme.trainer.text.ShingleCheck} finds evaluation text in it.
 */
@NullMarked
package dev.mneme.trainer.text;

import org.jspecify.annotations.NullMarked;

/**
 * From a folder of text to a memory, in stages that can be stopped and continued. Text and
 * tokenizers are in {@code dev.mneme.trainer.text}.
 */
@NullMarked
package dev.mneme.trainer;

import org.jspecify.annotations.NullMarked;

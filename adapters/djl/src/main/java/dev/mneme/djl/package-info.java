/**
 * Networks on PyTorch through the Deep Java Library, in the layouts that Hugging Face publishes:
 * folders as hosts and packs as memories, and the networks that the trainer teaches.
 */
@NullMarked
package dev.mneme.djl;

import org.jspecify.annotations.NullMarked;

/**
 * Networks on PyTorch through the Deep Java Library, in the layouts that Hugging Face publishes:
 * decoders and MLP Memories, one definition each for training and inference.
 */
@NullMarked
package dev.mneme.djl;

import org.jspecify.annotations.NullMarked;

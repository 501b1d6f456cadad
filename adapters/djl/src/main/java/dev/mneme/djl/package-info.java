/**
 * Decoder networks on PyTorch through the Deep Java Library: one definition for training and
 * inference, in the layout Hugging Face publishes.
 */
@NullMarked
package dev.mneme.djl;

import org.jspecify.annotations.NullMarked;

/**
 * GGUF hosts and Memory Decoders on llama.cpp. Start at {@link dev.mneme.llamacpp.LlamaCppHost}.
 */
@NullMarked
package dev.mneme.llamacpp;

import org.jspecify.annotations.NullMarked;

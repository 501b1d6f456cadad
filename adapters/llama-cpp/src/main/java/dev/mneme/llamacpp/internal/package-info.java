/**
 * The only native code of this adapter: the C API of llama.cpp through {@code java.lang.foreign}.
 * Nothing here is for applications.
 */
@NullMarked
package dev.mneme.llamacpp.internal;

import org.jspecify.annotations.NullMarked;

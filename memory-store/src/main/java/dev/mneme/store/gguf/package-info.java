/**
 * GGUF files, version 2 and 3: a strict reader of metadata and tensor table, and a writer. The
 * format is that of the ggml project's gguf specification.
 */
@NullMarked
package dev.mneme.store.gguf;

import org.jspecify.annotations.NullMarked;

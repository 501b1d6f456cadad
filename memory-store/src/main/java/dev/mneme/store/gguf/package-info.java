/**
 * The GGUF format: what a file declares ({@link dev.mneme.store.gguf.GgufFile}), files of our own
 * ({@link dev.mneme.store.gguf.GgufWriter}) and the vocabulary inside ({@link
 * dev.mneme.store.gguf.GgufVocabulary}). Reading is strict, because llama.cpp aborts the process on
 * some of the files that it is given.
 */
@NullMarked
package dev.mneme.store.gguf;

import org.jspecify.annotations.NullMarked;

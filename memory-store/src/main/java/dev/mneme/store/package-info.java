/**
 * Memories on disk: what a pack is, how a Hugging Face directory becomes one, and the engine files
 * derived from it. Start at {@link dev.mneme.store.MemoryPack}.
 */
@NullMarked
package dev.mneme.store;

import org.jspecify.annotations.NullMarked;

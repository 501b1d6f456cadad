/**
 * Memories on disk and in jars. A {@link dev.mneme.store.MemoryPack} is a verified folder, {@link
 * dev.mneme.store.ClassPathModels} finds what jars bring along, {@link
 * dev.mneme.store.MemoryLoader} gives a pack to an engine, and {@link dev.mneme.store.DerivedGguf}
 * is the engine's own form of it, cached.
 */
@NullMarked
package dev.mneme.store;

import org.jspecify.annotations.NullMarked;

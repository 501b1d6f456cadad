/**
 * Packs that come from anywhere and are kept: a {@link dev.mneme.store.packs.PackSource} brings
 * one, {@link dev.mneme.store.packs.Trust} says whether its signer will do, and a {@link
 * dev.mneme.store.packs.MemoryStore} has it by content and by name.
 */
@NullMarked
package dev.mneme.store.packs;

import org.jspecify.annotations.NullMarked;

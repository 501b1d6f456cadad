/**
 * Packs that come from anywhere and are kept: a {@link dev.mneme.store.packs.PackSource} brings
 * one, as a {@link dev.mneme.store.packs.PackArchive} in a single file does.
 */
@NullMarked
package dev.mneme.store.packs;

import org.jspecify.annotations.NullMarked;

/** Packs from a Hugging Face hub, over its HTTP interface. */
@NullMarked
package dev.mneme.store.hub;

import org.jspecify.annotations.NullMarked;

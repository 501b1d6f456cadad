/** Small models with random weights, made on the spot for tests. */
@NullMarked
package dev.mneme.store.testing;

import org.jspecify.annotations.NullMarked;

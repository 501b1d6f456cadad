/** What the figures in docs/results.md are made with. */
@NullMarked
package dev.mneme.benchmarks;

import org.jspecify.annotations.NullMarked;

/** Compares Mneme with the figures of an independent implementation. */
@NullMarked
package dev.mneme.benchmarks.golden;

import org.jspecify.annotations.NullMarked;

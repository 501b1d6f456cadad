/**
 * Seeded damage to valid files, and the judge of what their readers make of it. It lies among the
 * tests because it is one, and in the test-jar so that the long run in the benchmarks and the short
 * one of every build are the same code.
 */
@NullMarked
package dev.mneme.store.fuzz;

import org.jspecify.annotations.NullMarked;

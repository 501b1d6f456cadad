/**
 * Contract suites every host and memory passes, and a model written in Java to test callers with.
 */
@NullMarked
package dev.mneme.testing;

import org.jspecify.annotations.NullMarked;

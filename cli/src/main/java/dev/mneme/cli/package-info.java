/** The {@code mneme} command: generate, eval, convert, import, inspect, train. */
@NullMarked
package dev.mneme.cli;

import org.jspecify.annotations.NullMarked;

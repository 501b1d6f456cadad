/** The {@code mneme} command: generate, eval, convert, import, inspect. */
@NullMarked
package dev.mneme.cli;

import org.jspecify.annotations.NullMarked;

/** One small runnable program for each thing a user wants to do. */
@NullMarked
package dev.mneme.samples;

import org.jspecify.annotations.NullMarked;

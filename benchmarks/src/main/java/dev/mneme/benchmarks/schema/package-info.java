/** GGUF files that keep the format and break what the library expects of their content. */
@NullMarked
package dev.mneme.benchmarks.schema;

import org.jspecify.annotations.NullMarked;

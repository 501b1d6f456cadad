/**
 * SafeTensors files and sharded models: a strict reader over mapped memory, and a writer. The
 * format is that of the safetensors project's README.
 */
@NullMarked
package dev.mneme.store.safetensors;

import org.jspecify.annotations.NullMarked;

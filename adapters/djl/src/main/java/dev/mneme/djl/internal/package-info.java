/** TorchScript written by this module and the native calls it takes; not an API. */
@NullMarked
package dev.mneme.djl.internal;

import org.jspecify.annotations.NullMarked;

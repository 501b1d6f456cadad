/** Files that survive a kill, for all stages. */
@NullMarked
package dev.mneme.trainer.files;

import org.jspecify.annotations.NullMarked;

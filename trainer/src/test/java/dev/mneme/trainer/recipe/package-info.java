@NullMarked
package dev.mneme.trainer.recipe;

import org.jspecify.annotations.NullMarked;

@NullMarked
package dev.mneme.trainer.text;

import org.jspecify.annotations.NullMarked;

@NullMarked
package dev.mneme.trainer;

import org.jspecify.annotations.NullMarked;

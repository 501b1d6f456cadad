@NullMarked
package dev.mneme.store.maven;

import org.jspecify.annotations.NullMarked;

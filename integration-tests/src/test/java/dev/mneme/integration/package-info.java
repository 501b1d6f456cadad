/** What needs several rooms at once: the arrows between them, and the commands a user types. */
@NullMarked
package dev.mneme.integration;

import org.jspecify.annotations.NullMarked;

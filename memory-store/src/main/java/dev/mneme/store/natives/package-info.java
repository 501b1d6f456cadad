/**
 * Where native libraries may be unpacked and loaded from: folders that no other user can change, on
 * file systems that let code run; and what it means when loading one fails.
 */
@NullMarked
package dev.mneme.store.natives;

import org.jspecify.annotations.NullMarked;

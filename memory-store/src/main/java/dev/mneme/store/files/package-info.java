/**
 * Opening of files that users name: what is no regular file is refused, small files have a size
 * limit, and files that are taken for a model by mistake are recognised.
 */
@NullMarked
package dev.mneme.store.files;

import org.jspecify.annotations.NullMarked;

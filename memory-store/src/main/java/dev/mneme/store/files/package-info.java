/**
 * Opening of files that users name: what is no regular file is refused, small files have a size
 * limit, and files that are taken for a model by mistake are recognised. Writing of files that
 * appear whole or not at all, and removal of what killed processes left of them.
 */
@NullMarked
package dev.mneme.store.files;

import org.jspecify.annotations.NullMarked;

/**
 * Strict reading of the small JSON files beside a model's weights: duplicate keys and trailing text
 * are refused, and every complaint names the file and the field.
 */
@NullMarked
package dev.mneme.store.json;

import org.jspecify.annotations.NullMarked;

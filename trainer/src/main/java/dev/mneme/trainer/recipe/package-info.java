/**
 * Recipes: a training written down as a JSON file, read strictly and run from its corpora to its
 * output and report.
 */
@NullMarked
package dev.mneme.trainer.recipe;

import org.jspecify.annotations.NullMarked;

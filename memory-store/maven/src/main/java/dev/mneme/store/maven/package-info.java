/**
 * Packs by Maven coordinates: {@link dev.mneme.store.maven.MavenFinder} fetches one artifact from
 * the repositories of the user's own Maven settings.
 */
@NullMarked
package dev.mneme.store.maven;

import org.jspecify.annotations.NullMarked;

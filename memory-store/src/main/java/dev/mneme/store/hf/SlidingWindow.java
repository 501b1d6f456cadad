package dev.mneme.store.hf;

/**
 * How far back a model's attention reaches in some of its blocks.
 *
 * @param length tokens a token sees, itself included
 * @param firstBlock the first block whose attention is so limited; all later ones are too
 */
public record SlidingWindow(int length, int firstBlock) {}

package dev.mneme.store.fuzz;

/**
 * A reader that did what none may.
 *
 * @param number of the input
 * @param target whose reader
 * @param defect what it did
 */
public record Finding(long number, String target, String defect) {}

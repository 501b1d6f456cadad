package dev.mneme.store.fuzz;

import java.util.Optional;

/**
 * What became of one input.
 *
 * @param accepted whether the reader gave a value
 * @param defect what is wrong with the reader, if anything is
 * @param allocated bytes of memory it took
 * @param cpuNanos processor time it took
 */
public record Verdict(boolean accepted, Optional<String> defect, long allocated, long cpuNanos) {}

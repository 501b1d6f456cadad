/**
 * Hosts, memories and the mixture of their next-token distributions: {@code p = (1 - Σλᵢ)·p_host +
 * Σλᵢ·p_memoryᵢ}. Start at {@link dev.mneme.MemoryAugmentedModel}; an engine starts at {@link
 * dev.mneme.HostModel} and {@link dev.mneme.MemoryModule}.
 */
@NullMarked
package dev.mneme;

import org.jspecify.annotations.NullMarked;

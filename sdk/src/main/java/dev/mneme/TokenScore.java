package dev.mneme;

import com.google.common.primitives.ImmutableDoubleArray;

/**
 * How likely one token of a given text was, natural logarithms.
 *
 * @param id the token
 * @param mixture its log-probability in the mixture
 * @param host the host's
 * @param memories each memory's
 * @param shares for each memory, the part of the mixed probability it gave
 */
public record TokenScore(
    int id,
    double mixture,
    double host,
    ImmutableDoubleArray memories,
    ImmutableDoubleArray shares) {}

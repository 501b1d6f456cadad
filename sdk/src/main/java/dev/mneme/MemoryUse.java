package dev.mneme;

import org.jspecify.annotations.Nullable;

/**
 * Which memory took part in a result, and how strongly.
 *
 * @param name the memory's name
 * @param digest the exact content that answered
 * @param lambda its weight, or null where the policy changed it from token to token
 */
public record MemoryUse(String name, String digest, @Nullable Double lambda) {}

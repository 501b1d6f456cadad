package dev.mneme.llamacpp;

/**
 * Something a llama.cpp library computes on.
 *
 * @param name as {@link LlamaCppOptions#withDevices} takes it, such as {@code CUDA0}
 * @param description the maker's name for it
 * @param isGpu whether layers can be put on it
 * @param freeBytes of its memory, when asked; 0 where the library does not say
 * @param totalBytes of its memory; 0 where the library does not say
 */
public record Device(
    String name, String description, boolean isGpu, long freeBytes, long totalBytes) {}

package dev.mneme;

/**
 * What a memory reads besides token ids.
 *
 * @param host the host it was trained on
 * @param tap the place there
 */
public record TappedHost(HostIdentity host, Tap tap) {}

package dev.mneme.store.hub;

import dev.mneme.MnemeException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which hub to ask, and as whom, from the environment variables that Hugging Face's own tools read:
 * {@code HF_ENDPOINT}, {@code HF_TOKEN} or the file of {@code HF_TOKEN_PATH} or in {@code HF_HOME},
 * and {@code HF_HUB_OFFLINE}.
 *
 * @param endpoint without a slash at its end
 * @param token who is asking; only the endpoint gets to see it
 * @param offline whether nothing may be asked
 */
record HubSettings(URI endpoint, Optional<String> token, boolean offline) {

  private static final String DEFAULT_ENDPOINT = "https://huggingface.co";
  private static final Set<String> TRUE = Set.of("1", "on", "yes", "true");

  /**
   * Reads the environment, and the token's file where there is one.
   *
   * @throws MnemeException if the endpoint is no web address or the token's file cannot be read
   */
  static HubSettings of(Map<String, String> environment, Path userHome) {
    String offline = environment.getOrDefault("HF_HUB_OFFLINE", "").toLowerCase(Locale.ROOT);
    return new HubSettings(
        endpoint(environment.getOrDefault("HF_ENDPOINT", "")),
        token(environment, userHome),
        TRUE.contains(offline));
  }

  private static URI endpoint(String named) {
    String text = named.isBlank() ? DEFAULT_ENDPOINT : named.strip().replaceAll("/+$", "");
    try {
      URI uri = URI.create(text);
      if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
          && uri.getHost() != null) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // Refused below, like every other text that is no address.
    }
    throw new MnemeException(
        "HF_ENDPOINT is \"%s\"; give the hub's address, as %s".formatted(named, DEFAULT_ENDPOINT));
  }

  private static Optional<String> token(Map<String, String> environment, Path userHome) {
    String given = environment.getOrDefault("HF_TOKEN", "").strip();
    if (!given.isEmpty()) {
      return Optional.of(given);
    }
    Path file = tokenFile(environment, userHome);
    try {
      return Files.isRegularFile(file)
          ? Optional.of(Files.readString(file).strip()).filter(token -> !token.isEmpty())
          : Optional.empty();
    } catch (IOException e) {
      throw new MnemeException("cannot read the hub's token in %s: %s".formatted(file, e), e);
    }
  }

  private static Path tokenFile(Map<String, String> environment, Path userHome) {
    String path = environment.getOrDefault("HF_TOKEN_PATH", "");
    if (!path.isBlank()) {
      return Path.of(path);
    }
    String home = environment.getOrDefault("HF_HOME", "");
    if (!home.isBlank()) {
      return Path.of(home, "token");
    }
    String cache = environment.getOrDefault("XDG_CACHE_HOME", "");
    return (cache.isBlank() ? userHome.resolve(".cache") : Path.of(cache))
        .resolve("huggingface")
        .resolve("token");
  }

  /** Without the token, which has no business in a log. */
  @Override
  public String toString() {
    return "%s%s%s"
        .formatted(endpoint, token.isPresent() ? " with a token" : "", offline ? ", offline" : "");
  }
}

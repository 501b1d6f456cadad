package dev.mneme.store.hub;

import com.google.common.base.CharMatcher;
import dev.mneme.MnemeException;
import dev.mneme.store.files.RegularFiles;
import dev.mneme.store.net.ProxyServer.Login;
import dev.mneme.store.net.WebAddress;
import java.net.URI;
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
 * @param endpoint without a slash at its end, and without a user or password
 * @param token who is asking; only the endpoint gets to see it
 * @param login the user and password of the endpoint's address, for a hub without tokens
 * @param offline whether nothing may be asked
 */
record HubSettings(URI endpoint, Optional<String> token, Optional<Login> login, boolean offline) {

  private static final String DEFAULT_ENDPOINT = "https://huggingface.co";
  private static final int LARGEST_TOKEN = 4096;
  private static final Set<String> TRUE = Set.of("1", "on", "yes", "true");

  /** A token goes into a header, which holds visible ASCII. */
  private static final CharMatcher OF_TOKENS = CharMatcher.inRange('!', '~');

  private static final String TOKEN_LIKE = "hf_";

  /** A hub that is asked without a user and password. */
  HubSettings(URI endpoint, Optional<String> token, boolean offline) {
    this(endpoint, token, Optional.empty(), offline);
  }

  /**
   * Reads the environment, and the token's file where there is one.
   *
   * @throws MnemeException if the endpoint is no web address or the token's file cannot be read
   */
  static HubSettings of(Map<String, String> environment, Path userHome) {
    String offline = environment.getOrDefault("HF_HUB_OFFLINE", "").toLowerCase(Locale.ROOT);
    URI endpoint = endpoint(environment.getOrDefault("HF_ENDPOINT", ""));
    return new HubSettings(
        WebAddress.withoutLogin(endpoint),
        token(environment, userHome),
        login(endpoint),
        TRUE.contains(offline));
  }

  private static URI endpoint(String named) {
    String text = named.isBlank() ? DEFAULT_ENDPOINT : named.strip().replaceAll("/+$", "");
    try {
      URI uri = URI.create(text);
      if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
          && uri.getHost() != null
          && uri.getRawQuery() == null
          && uri.getRawFragment() == null) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // Refused below, like every other text that is no address.
    }
    throw new MnemeException(
        "HF_ENDPOINT is %s; give the hub's address, as %s"
            .formatted(withoutSecrets(named), DEFAULT_ENDPOINT));
  }

  /** What somebody took for an address may hold a password or be a token. */
  private static String withoutSecrets(String named) {
    return named.contains("@") || named.contains("?") || named.contains(TOKEN_LIKE)
        ? "no web address (it is not shown, as it may hold a password)"
        : "\"" + named + "\"";
  }

  private static Optional<Login> login(URI endpoint) {
    try {
      return Optional.ofNullable(endpoint.getRawUserInfo()).map(Login::parse);
    } catch (IllegalArgumentException e) {
      throw new MnemeException(
          "HF_ENDPOINT has a user or password in which %s".formatted(e.getMessage()));
    }
  }

  private static Optional<String> token(Map<String, String> environment, Path userHome) {
    String given = environment.getOrDefault("HF_TOKEN", "").strip();
    if (!given.isEmpty()) {
      return Optional.of(checked("HF_TOKEN", given));
    }
    Path file = tokenFile(environment, userHome);
    if (!RegularFiles.exists(file)) {
      return Optional.empty();
    }
    String token = RegularFiles.readText(file, LARGEST_TOKEN).strip();
    return token.isEmpty() ? Optional.empty() : Optional.of(checked(file.toString(), token));
  }

  /** Refuses what no header can hold, without showing it. */
  private static String checked(String source, String token) {
    if (token.length() > LARGEST_TOKEN) {
      throw noToken(source, "more than %d characters".formatted(LARGEST_TOKEN));
    }
    int wrong = OF_TOKENS.negate().indexIn(token);
    if (wrong >= 0) {
      throw noToken(
          source,
          "U+%04X as character %d of %d"
              .formatted((int) token.charAt(wrong), wrong + 1, token.length()));
    }
    return token;
  }

  private static MnemeException noToken(String source, String what) {
    return new MnemeException(
        "%s holds no token: it has %s, but a token is one line of letters, digits and '_'; copy it again from the hub's settings"
            .formatted(source, what));
  }

  /** The header by which the hub knows who is asking. */
  Optional<String> authorization() {
    return token.map(text -> "Bearer " + text).or(() -> login.map(Login::basic));
  }

  /** What a server says, without a secret that it repeats. */
  String withoutOwnSecrets(String text) {
    String shown = token.map(secret -> text.replace(secret, "***")).orElse(text);
    String password = login.map(Login::password).orElse("");
    return password.isEmpty() ? shown : shown.replace(password, "***");
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

  /** Without token and password, which have no business in a log. */
  @Override
  public String toString() {
    return "%s%s%s"
        .formatted(
            WebAddress.display(endpoint),
            authorization().isPresent() ? " with a token" : "",
            offline ? ", offline" : "");
  }
}

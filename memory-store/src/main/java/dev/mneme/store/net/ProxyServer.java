package dev.mneme.store.net;

import dev.mneme.MnemeException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An HTTP proxy that an environment variable names.
 *
 * @param variable which, for messages
 * @param login user and password, where the variable has them
 */
public record ProxyServer(String variable, String host, int port, Optional<Login> login) {

  private static final int DEFAULT_PORT = 1080; // as curl has it
  private static final int MOST_PORTS = 65535;

  /** URI itself finds no host in names with an underscore, which container networks have. */
  private static final Pattern AUTHORITY =
      Pattern.compile(
          "(?:(?<login>.*)@)?(?<host>\\[[0-9a-fA-F:.]+]|[A-Za-z0-9._-]+)(?::(?<port>[0-9]{1,5}))?:?");

  /** Who asks a proxy. */
  public record Login(String user, String password) {

    /** The value of a {@code Proxy-Authorization} or {@code Authorization} header. */
    public String basic() {
      byte[] both = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
      return "Basic " + Base64.getEncoder().encodeToString(both);
    }

    /**
     * Reads {@code USER:PASSWORD} of an address.
     *
     * @param raw with percent signs for what an address cannot hold
     * @throws IllegalArgumentException if it is escaped wrongly; the text is not in the message
     */
    public static Login parse(String raw) {
      int colon = raw.indexOf(':');
      return colon < 0
          ? new Login(decode(raw), "")
          : new Login(decode(raw.substring(0, colon)), decode(raw.substring(colon + 1)));
    }

    private static String decode(String text) {
      try {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("a percent sign is not followed by two hex digits");
      }
    }

    /** Without the password, which has no business in a log. */
    @Override
    public String toString() {
      return "Login[user=" + user + "]";
    }
  }

  /**
   * Reads {@code [http://][USER:PASSWORD@]HOST[:PORT][/]}.
   *
   * @throws MnemeException if it is none, or a proxy of another kind; never shows the value
   */
  static ProxyServer parse(String variable, String value) {
    String address = value.strip();
    if (!address.contains("://")) {
      address = "http://" + address;
    }
    URI uri;
    try {
      uri = new URI(address);
    } catch (URISyntaxException e) {
      throw wrong(variable, "is no address"); // the cause would show the password
    }
    if (!"http".equalsIgnoreCase(uri.getScheme())) {
      throw wrong(
          variable,
          "names a proxy of the kind \"%s\", which is not used".formatted(uri.getScheme()));
    }
    Matcher authority = AUTHORITY.matcher(String.valueOf(uri.getRawAuthority()));
    if (!authority.matches()) {
      throw wrong(variable, "names no host");
    }
    String digits = authority.group("port");
    int port = digits == null ? DEFAULT_PORT : Integer.parseInt(digits);
    if (port > MOST_PORTS) {
      throw wrong(variable, "names no port below 65536");
    }
    try {
      return new ProxyServer(
          variable,
          authority.group("host"),
          port,
          Optional.ofNullable(authority.group("login")).map(Login::parse));
    } catch (IllegalArgumentException e) {
      throw wrong(variable, "has a user or password in which " + e.getMessage());
    }
  }

  private static MnemeException wrong(String variable, String what) {
    return new MnemeException(
        "the environment variable %s %s; write it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT with %%XX for special characters, or name the server in NO_PROXY"
            .formatted(variable, what));
  }

  /** Which proxy this is, without the password. */
  @Override
  public String toString() {
    return "the proxy %s:%d of %s".formatted(host, port, variable);
  }
}

package dev.mneme.store.hub;

import com.google.common.primitives.Longs;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.PrintableText;
import dev.mneme.store.hub.Retries.PassingException;
import dev.mneme.store.net.ProxyChoice;
import dev.mneme.store.net.ProxyServer;
import dev.mneme.store.net.WebAddress;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/**
 * Requests to a hub, one at a time. Follows redirects itself, for the token is the hub's alone and
 * files mostly lie with somebody else. Owns connections; whoever made it closes it.
 */
final class HubClient implements AutoCloseable {

  private static final Duration CONNECT = Duration.ofSeconds(20);
  private static final int MOST_REDIRECTS = 5;
  private static final int LARGEST_LISTING = 32 << 20;
  private static final int OK = 200;
  private static final int PARTIAL = 206;
  private static final int TOO_MANY_REQUESTS = 429;
  private static final int LONGEST_REASON = 300;

  /** Which logins Java does not send to a proxy for https; "Basic" by default. */
  private static final String TUNNEL_SCHEMES = "jdk.http.auth.tunneling.disabledSchemes";

  private final HubSettings settings;
  private final Duration patience;
  private final ProxyChoice proxies;
  private final HttpClient http;

  /**
   * A client; asks nothing yet.
   *
   * @param patience how long a server may be silent
   */
  HubClient(HubSettings settings, Duration patience, ProxyChoice proxies) {
    this.settings = settings;
    this.patience = patience;
    this.proxies = proxies;
    http =
        HttpClient.newBuilder()
            .proxy(proxies)
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
  }

  /** Where a revision's listing is. */
  URI listingAddress(HubReference reference) {
    return URI.create(
        "%s/api/models/%s/revision/%s?blobs=true"
            .formatted(
                settings.endpoint(),
                reference.repository(),
                URLEncoder.encode(reference.revision(), StandardCharsets.UTF_8)));
  }

  /** Where a file is. */
  URI fileAddress(HubReference reference, String name) {
    return URI.create(
        "%s/%s/resolve/%s/%s"
            .formatted(
                settings.endpoint(),
                reference.repository(),
                URLEncoder.encode(reference.revision(), StandardCharsets.UTF_8),
                URLEncoder.encode(name, StandardCharsets.UTF_8)));
  }

  /** The content of a small answer. */
  byte[] read(URI address) throws IOException, InterruptedException {
    try (Body body = open(address, 0)) {
      byte[] content = body.stream().readNBytes(LARGEST_LISTING + 1);
      if (content.length > LARGEST_LISTING) {
        throw new MnemeException(
            "%s answers with more than %d bytes; is this a hub?"
                .formatted(WebAddress.display(address), LARGEST_LISTING));
      }
      return content;
    }
  }

  /**
   * What a server sends.
   *
   * @param stream closed with this
   * @param from which byte of the file it begins with
   * @param all bytes of the whole file, where the server says so
   * @param commit of the repository, where the hub says so
   */
  record Body(InputStream stream, long from, Optional<Long> all, Optional<String> commit)
      implements AutoCloseable {
    @Override
    public void close() throws IOException {
      stream.close();
    }
  }

  /**
   * Asks for content, from a byte on; a server may begin earlier all the same.
   *
   * @throws PassingException if the server has no time
   * @throws IOException if the connection fails; names the server
   * @throws MnemeException if the server refuses for good
   */
  Body open(URI address, long from) throws IOException, InterruptedException {
    if (settings.offline()) {
      throw new MnemeException(
          "HF_HUB_OFFLINE says not to ask %s; unset it, or use a pack that is installed"
              .formatted(WebAddress.display(address)));
    }
    URI at = address;
    Optional<String> commit = Optional.empty();
    for (int i = 0; i <= MOST_REDIRECTS; i++) {
      HttpResponse<InputStream> response = send(at, from);
      Optional<String> location = response.headers().firstValue("Location");
      if (isHub(at)) {
        Optional<String> said = response.headers().firstValue("X-Repo-Commit");
        commit = said.isPresent() ? said : commit;
      }
      if (response.statusCode() / 100 != 3 || location.isEmpty()) {
        return body(address, response, commit);
      }
      response.body().close();
      at = redirected(at, location.get());
    }
    throw new MnemeException(
        "%s redirects more than %d times; the last address was %s"
            .formatted(WebAddress.display(address), MOST_REDIRECTS, WebAddress.display(at)));
  }

  private HttpResponse<InputStream> send(URI address, long from)
      throws IOException, InterruptedException {
    try {
      return http.send(request(address, from), HttpResponse.BodyHandlers.ofInputStream());
    } catch (ProtocolException e) {
      throw new MnemeException(
          "%s does not answer as HTTP has it: %s; is it a hub?"
              .formatted(
                  WebAddress.server(address), settings.withoutOwnSecrets(FailureText.of(e))));
    } catch (IOException e) {
      throw new IOException(
          "%s cannot be reached: %s".formatted(way(address), FailureText.of(e)), e);
    }
  }

  /** A server, and the proxy it is asked through. */
  private String way(URI address) {
    return proxies
        .ofEnvironment(address)
        .map(proxy -> "%s by %s".formatted(WebAddress.server(address), proxy))
        .orElseGet(() -> WebAddress.server(address));
  }

  private HttpRequest request(URI address, long from) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address)
            .timeout(patience)
            .header("User-Agent", "mneme")
            .header("Accept-Encoding", "identity");
    if (from > 0) {
      request.header("Range", "bytes=%d-".formatted(from));
    }
    if (isHub(address)) {
      settings.authorization().ifPresent(who -> request.header("Authorization", who));
    }
    proxies
        .ofEnvironment(address)
        .flatMap(ProxyServer::login)
        .ifPresent(login -> request.header("Proxy-Authorization", login.basic()));
    return request.build();
  }

  private boolean isHub(URI address) {
    URI hub = settings.endpoint();
    return hub.getScheme().equals(address.getScheme())
        && hub.getHost().equals(address.getHost())
        && hub.getPort() == address.getPort();
  }

  private static URI redirected(URI from, String location) {
    URI to;
    try {
      to = from.resolve(location);
    } catch (IllegalArgumentException e) {
      throw new MnemeException(
          "%s redirects to what is no web address".formatted(WebAddress.display(from)));
    }
    boolean web = "https".equals(to.getScheme()) || "http".equals(to.getScheme());
    boolean downgrade = "https".equals(from.getScheme()) && "http".equals(to.getScheme());
    if (!web || downgrade || to.getHost() == null) {
      throw new MnemeException(
          "%s redirects to %s, which is not followed"
              .formatted(WebAddress.display(from), WebAddress.redact(location)));
    }
    return to;
  }

  private Body body(URI address, HttpResponse<InputStream> response, Optional<String> commit)
      throws IOException {
    int status = response.statusCode();
    if (status == OK || status == PARTIAL) {
      return content(address, response, commit);
    }
    response.body().close();
    if (status == TOO_MANY_REQUESTS || status / 100 == 5) {
      throw new PassingException(
          "%s answers %d%s".formatted(WebAddress.display(address), status, reason(response)),
          wait(response));
    }
    throw new MnemeException(
        "%s answers %d%s; %s"
            .formatted(
                WebAddress.display(address), status, reason(response), advice(address, status)));
  }

  private Body content(URI address, HttpResponse<InputStream> response, Optional<String> commit)
      throws IOException {
    var stream = new GuardedStream(response.body(), patience);
    if (response.statusCode() == OK) {
      var length = response.headers().firstValueAsLong("Content-Length");
      return new Body(
          stream,
          0,
          length.isPresent() ? Optional.of(length.getAsLong()) : Optional.empty(),
          commit);
    }
    String range = response.headers().firstValue("Content-Range").orElse("");
    Optional<ContentRange> part = ContentRange.parse(range);
    if (part.isEmpty()) {
      stream.close();
      throw new IOException(
          "%s answers with a part, but not which: \"%s\""
              .formatted(WebAddress.display(address), range));
    }
    return new Body(stream, part.get().from(), part.get().all(), commit);
  }

  /** What the hub says beside the number. */
  private String reason(HttpResponse<?> response) {
    return response
        .headers()
        .firstValue("X-Error-Message")
        .map(text -> ", " + PrintableText.of(settings.withoutOwnSecrets(text), LONGEST_REASON))
        .orElse("");
  }

  private static Optional<Duration> wait(HttpResponse<?> response) {
    return response
        .headers()
        .firstValue("Retry-After")
        .map(Longs::tryParse)
        .filter(seconds -> seconds >= 0)
        .map(Duration::ofSeconds);
  }

  private String advice(URI address, int status) {
    return switch (status) {
      case 401, 403 ->
          settings.token().isPresent()
              ? "ask for access with the account of the token in HF_TOKEN"
              : "log in to the hub or set HF_TOKEN, and ask for access";
      case 404 -> "check the name and the revision, and that HF_TOKEN may see them";
      case 407 ->
          proxies
              .ofEnvironment(address)
              .map(HubClient::proxyAdvice)
              .orElse("the proxy of Java's own settings wants a login; name it in HTTPS_PROXY");
      default -> "is %s a hub?".formatted(WebAddress.display(settings.endpoint()));
    };
  }

  private static String proxyAdvice(ProxyServer proxy) {
    return proxy.login().isEmpty()
        ? "%s wants a login; write http://USER:PASSWORD@HOST:PORT".formatted(proxy)
        : "%s refuses the login; check it, and start Java with -D%s= so that it may be sent for https"
            .formatted(proxy, TUNNEL_SCHEMES);
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}

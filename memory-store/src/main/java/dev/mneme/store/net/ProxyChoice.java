package dev.mneme.store.net;

import com.google.common.base.Ascii;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Which proxy a server is asked through. Java's own settings come first: {@code -Dhttp.proxyHost},
 * {@code -Dhttps.proxyHost}, {@code -Djava.net.useSystemProxies} and a {@link ProxySelector} that
 * the application has set. Where there are none, the environment variables that curl and Hugging
 * Face's tools read decide: {@code HTTP_PROXY}, {@code HTTPS_PROXY}, {@code ALL_PROXY} and {@code
 * NO_PROXY}, of which the name in lower-case letters counts more. Immutable, safe for several
 * threads.
 */
public final class ProxyChoice extends ProxySelector {

  private static final String CGI = "REQUEST_METHOD";
  private static final String JDK_SELECTOR = "sun.net.spi.DefaultProxySelector";

  private final Map<String, String> environment;
  private final Function<String, @Nullable String> properties;
  private final Optional<ProxySelector> applications;

  /**
   * By other settings than the process's.
   *
   * @param properties the system properties
   * @param jdk what Java chooses by its own settings
   */
  ProxyChoice(
      Map<String, String> environment,
      Function<String, @Nullable String> properties,
      Optional<ProxySelector> jdk) {
    this.environment = Map.copyOf(environment);
    this.properties = properties;
    this.applications = jdk;
  }

  /** By this process's settings. */
  public static ProxyChoice ofProcess() {
    return of(System.getenv());
  }

  /** By Java's own settings and these environment variables. */
  public static ProxyChoice of(Map<String, String> environment) {
    return new ProxyChoice(
        environment, System::getProperty, Optional.ofNullable(ProxySelector.getDefault()));
  }

  /** The proxy that the environment names for a server, if Java's own settings say nothing. */
  public Optional<ProxyServer> ofEnvironment(URI address) {
    if (address.getHost() == null
        || jdkDecides(address).isPresent()
        || NoProxy.parse(value("no_proxy").orElse("")).includes(address)) {
      return Optional.empty();
    }
    Optional<ProxyServer> proxy = named(Ascii.toLowerCase(address.getScheme()) + "_proxy");
    return proxy.isPresent() ? proxy : named("all_proxy");
  }

  /** Java's selector, if it was told anything that concerns the address. */
  public Optional<ProxySelector> jdkDecides(URI address) {
    boolean set =
        isSet(Ascii.toLowerCase(address.getScheme()) + ".proxyHost")
            || Boolean.parseBoolean(properties.apply("java.net.useSystemProxies"));
    return applications.filter(
        selector -> set || !selector.getClass().getName().equals(JDK_SELECTOR));
  }

  private boolean isSet(String property) {
    String value = properties.apply(property);
    return value != null && !value.isBlank();
  }

  private Optional<ProxyServer> named(String lowerCase) {
    // A web server that runs a program hands it a request's "Proxy" header as HTTP_PROXY.
    boolean forged =
        lowerCase.equals("http_proxy")
            && !environment.containsKey(lowerCase)
            && environment.containsKey(CGI);
    return forged
        ? Optional.empty()
        : value(lowerCase)
            .filter(value -> !value.isBlank())
            .map(value -> ProxyServer.parse(variable(lowerCase), value));
  }

  private Optional<String> value(String lowerCase) {
    return Optional.ofNullable(environment.get(variable(lowerCase)));
  }

  private String variable(String lowerCase) {
    return environment.containsKey(lowerCase) ? lowerCase : Ascii.toUpperCase(lowerCase);
  }

  @Override
  public List<Proxy> select(URI address) {
    Optional<ProxySelector> jdk = jdkDecides(address);
    if (jdk.isPresent()) {
      return jdk.get().select(address);
    }
    return List.of(
        ofEnvironment(address)
            .map(
                proxy ->
                    new Proxy(
                        Proxy.Type.HTTP,
                        InetSocketAddress.createUnresolved(proxy.host(), proxy.port())))
            .orElse(Proxy.NO_PROXY));
  }

  @Override
  public void connectFailed(URI address, SocketAddress proxy, IOException failure) {
    jdkDecides(address).ifPresent(selector -> selector.connectFailed(address, proxy, failure));
  }
}

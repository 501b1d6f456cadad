package dev.mneme.store.maven;

import dev.mneme.store.net.ProxyChoice;
import dev.mneme.store.net.ProxyServer;
import java.net.URI;
import java.util.Optional;
import org.eclipse.aether.repository.Authentication;
import org.eclipse.aether.repository.Proxy;
import org.eclipse.aether.repository.ProxySelector;
import org.eclipse.aether.repository.RemoteRepository;
import org.eclipse.aether.util.repository.AuthenticationBuilder;
import org.eclipse.aether.util.repository.JreProxySelector;
import org.jspecify.annotations.Nullable;

/**
 * The proxy of a repository where Maven's settings name none: by Java's own settings or by the
 * environment, as {@link ProxyChoice} has it. Maven itself knows only those of its settings.
 */
record RepositoryProxies(ProxyChoice proxies) implements ProxySelector {

  @Override
  public @Nullable Proxy getProxy(RemoteRepository repository) {
    URI address;
    try {
      address = URI.create(repository.getUrl());
    } catch (IllegalArgumentException e) {
      return null; // whoever asks the repository says what is wrong with it
    }
    if (address.getHost() == null) {
      return null;
    }
    return proxies.jdkDecides(address).isPresent()
        ? new JreProxySelector().getProxy(repository)
        : proxies.ofEnvironment(address).map(RepositoryProxies::proxy).orElse(null);
  }

  private static Proxy proxy(ProxyServer server) {
    Optional<Authentication> login =
        server
            .login()
            .map(
                who ->
                    new AuthenticationBuilder()
                        .addUsername(who.user())
                        .addPassword(who.password())
                        .build());
    return new Proxy(Proxy.TYPE_HTTP, server.host(), server.port(), login.orElse(null));
  }
}

package dev.mneme.store.maven;

import dev.mneme.store.net.ProxyChoice;
import eu.maveniverse.maven.mima.context.ContextOverrides;
import eu.maveniverse.maven.mima.context.MavenUserHome;
import eu.maveniverse.maven.mima.runtime.standalonestatic.StandaloneStaticRuntime;
import org.apache.maven.settings.Proxy;
import org.apache.maven.settings.Settings;
import org.apache.maven.settings.crypto.SettingsDecrypter;
import org.eclipse.aether.DefaultRepositorySystemSession;
import org.eclipse.aether.RepositorySystem;

/**
 * Maven Resolver set up by the user's settings, of which MIMA leaves {@code offline} out, and by
 * the proxies of the environment where the settings name none.
 */
final class UserRuntime extends StandaloneStaticRuntime {

  private final ProxyChoice proxies;

  UserRuntime(ProxyChoice proxies) {
    this.proxies = proxies;
  }

  @Override
  protected DefaultRepositorySystemSession newRepositorySession(
      ContextOverrides overrides,
      MavenUserHome home,
      RepositorySystem system,
      Settings settings,
      SettingsDecrypter decrypter) {
    DefaultRepositorySystemSession session =
        super.newRepositorySession(overrides, home, system, settings, decrypter);
    session.setOffline(overrides.isOffline().orElse(settings.isOffline()));
    if (settings.getProxies().stream().noneMatch(Proxy::isActive)) {
      session.setProxySelector(new RepositoryProxies(proxies));
    }
    return session;
  }
}

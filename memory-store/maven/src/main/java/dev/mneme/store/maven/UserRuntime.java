package dev.mneme.store.maven;

import eu.maveniverse.maven.mima.context.ContextOverrides;
import eu.maveniverse.maven.mima.context.MavenUserHome;
import eu.maveniverse.maven.mima.runtime.standalonestatic.StandaloneStaticRuntime;
import org.apache.maven.settings.Settings;
import org.apache.maven.settings.crypto.SettingsDecrypter;
import org.eclipse.aether.DefaultRepositorySystemSession;
import org.eclipse.aether.RepositorySystem;

/** Maven Resolver set up by the user's settings, of which MIMA leaves {@code offline} out. */
final class UserRuntime extends StandaloneStaticRuntime {

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
    return session;
  }
}

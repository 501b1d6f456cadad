package dev.mneme.store.maven;

import com.google.common.base.Throwables;
import dev.mneme.MnemeException;
import dev.mneme.store.net.ProxyChoice;
import dev.mneme.store.packs.FetchListener;
import dev.mneme.store.packs.PackArchive;
import dev.mneme.store.packs.PackFinder;
import dev.mneme.store.packs.PackSource;
import eu.maveniverse.maven.mima.context.Context;
import eu.maveniverse.maven.mima.context.ContextOverrides;
import eu.maveniverse.maven.mima.context.ContextOverrides.ChecksumPolicy;
import eu.maveniverse.maven.mima.context.ContextOverrides.SnapshotUpdatePolicy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.aether.artifact.Artifact;
import org.eclipse.aether.repository.RemoteRepository;
import org.eclipse.aether.resolution.ArtifactRequest;
import org.eclipse.aether.resolution.ArtifactResolutionException;

/**
 * Finds packs by Maven coordinates: a jar with one pack in {@code META-INF/mneme/packs}, or a
 * {@code .mpack} file. One artifact is fetched, without its dependencies, as Maven would: by the
 * user's {@code settings.xml} with its mirrors, credentials, proxies and profiles, and through the
 * local repository, where it stays. Where the settings name no proxy, {@link ProxyChoice} does.
 *
 * <p>A repository's checksum of the artifact must be there and right. A snapshot is looked for anew
 * each time. Maven's own extensions and {@code maven.config} are not read. Safe for several
 * threads.
 */
public final class MavenFinder implements PackFinder {

  private static final Pattern SETTINGS_FILE = Pattern.compile("\\] [^:]* (\\S.*?settings\\.xml)");

  private static final Pattern PLACE = Pattern.compile("@(\\d+):(\\d+)");

  private final ContextOverrides overrides;
  private final ProxyChoice proxies;

  /** By the settings of the user who runs this program. */
  public MavenFinder() {
    this(usersOwn(), ProxyChoice.ofProcess());
  }

  /** By other settings, or another local repository. */
  MavenFinder(ContextOverrides overrides, ProxyChoice proxies) {
    this.overrides = overrides;
    this.proxies = proxies;
  }

  private static ContextOverrides usersOwn() {
    ContextOverrides.Builder builder = ContextOverrides.create().withUserSettings(true);
    if (System.getProperty("maven.home") == null && System.getenv("MAVEN_HOME") == null) {
      Optional.ofNullable(System.getenv("PATH"))
          .flatMap(InstalledMaven::find)
          .ifPresent(builder::withMavenSystemHomeOverride);
    }
    return builder.build();
  }

  @Override
  public String scheme() {
    return MavenCoordinates.SCHEME;
  }

  @Override
  public String syntax() {
    return MavenCoordinates.SYNTAX;
  }

  /**
   * Fetches the artifact, unless the local repository has it, and reads the manifest in it.
   *
   * @param listener told of the artifact's file as a whole
   * @throws dev.mneme.MalformedFileException if what is there is no jar with one pack, and no
   *     pack's archive
   * @throws MnemeException if the coordinates are none, or no repository gives the artifact
   */
  @Override
  public PackSource find(String name, FetchListener listener) {
    MavenCoordinates coordinates = MavenCoordinates.parse(name);
    Artifact artifact = fetch(coordinates, listener);
    Path file = artifact.getFile().toPath();
    PackSource content =
        coordinates.extension().equals(MavenCoordinates.MPACK)
            ? PackArchive.open(file)
            : JarPack.open(file);
    return new LocatedPack(coordinates.withVersion(artifact.getVersion()).toString(), content);
  }

  private Artifact fetch(MavenCoordinates coordinates, FetchListener listener) {
    try (Context maven = open(new FetchProgress(coordinates.extension(), listener))) {
      var request =
          new ArtifactRequest()
              .setArtifact(coordinates.toArtifact())
              .setRepositories(repositories(maven));
      return maven
          .repositorySystem()
          .resolveArtifact(maven.repositorySystemSession(), request)
          .getArtifact();
    } catch (ArtifactResolutionException e) {
      throw FailedFetch.of(coordinates, e);
    }
  }

  /** As Maven orders them, which asks its central repository last; MIMA would ask it first. */
  private static List<RemoteRepository> repositories(Context maven) {
    var ordered = new ArrayList<>(maven.contextOverrides().getRepositories());
    if (ordered.remove(ContextOverrides.CENTRAL)) {
      ordered.add(ContextOverrides.CENTRAL);
    }
    return maven
        .repositorySystem()
        .newResolutionRepositories(maven.repositorySystemSession(), ordered);
  }

  private Context open(FetchProgress progress) {
    try {
      return new UserRuntime(proxies)
          .create(
              overrides.toBuilder()
                  .checksumPolicy(ChecksumPolicy.FAIL)
                  .snapshotUpdatePolicy(SnapshotUpdatePolicy.ALWAYS)
                  .transferListener(progress)
                  .build());
    } catch (IllegalStateException e) {
      throw new MnemeException(
          "Maven's settings cannot be used: %s; correct them as `mvn help:effective-settings` tells"
              .formatted(where(Throwables.getRootCause(e))));
    }
  }

  /** File and place of an error in the settings; the error's own text may quote a password. */
  private static String where(Throwable failure) {
    String text = String.valueOf(failure.getMessage());
    Matcher file = SETTINGS_FILE.matcher(text);
    Matcher place = PLACE.matcher(text);
    return (file.find() ? file.group(1) : "settings.xml")
        + " is wrong"
        + (place.find()
            ? " at line %s, column %s".formatted(place.group(1), place.group(2))
            : " (%s)".formatted(failure.getClass().getSimpleName()));
  }
}

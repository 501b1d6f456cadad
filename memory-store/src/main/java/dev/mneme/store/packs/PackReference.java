package dev.mneme.store.packs;

import dev.mneme.MnemeException;
import dev.mneme.Providers;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.PackManifest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where a pack is to come from, as people write it: a folder with {@code pack.json}, a {@code
 * .mpack} file, the name of a pack on the class path, or {@code SCHEME:NAME} for a {@link
 * PackFinder}.
 *
 * @param text as it was written
 */
public record PackReference(String text) {

  /** One letter and a colon is a drive. */
  private static final Pattern FOUND = Pattern.compile("([a-z]{2,}):(.+)");

  /** Whether it has a finder's scheme, and so means a pack that is somewhere else. */
  public boolean isRemote() {
    return FOUND.matcher(text).matches()
        && !text.startsWith(PackPlace.STORE)
        && !text.startsWith(PackPlace.CLASS_PATH);
  }

  /**
   * Opens the pack where it is; the caller closes it.
   *
   * @param listener told while files are fetched from elsewhere
   * @throws MnemeException if there is no such pack; says what there is
   */
  public PackSource open(FetchListener listener) {
    Matcher found = FOUND.matcher(text);
    if (isRemote() && found.matches()) {
      return finder(found.group(1)).find(found.group(2), listener);
    }
    ClassPathModels models = ClassPathModels.here();
    Optional<PackPlace> place = PackPlace.findSource(text, models);
    if (place.isPresent()) {
      return source(place.get());
    }
    throw new MnemeException(
        "no such pack: %s; give a folder with %s, a file that ends in %s, %s, or a pack on the class path: %s"
            .formatted(
                text,
                PackManifest.FILE,
                PackArchive.SUFFIX,
                finders().map(PackFinder::syntax).collect(Collectors.joining(", ")),
                models.packs()));
  }

  /** Whoever installs a pack looks at its signature, so nobody does here. */
  private static PackSource source(PackPlace place) {
    return switch (place) {
      case PackPlace.InFolder(Path path) ->
          Files.isDirectory(path) ? PackFolder.open(path) : PackArchive.open(path);
      case PackPlace.OnClassPath(ClassPathModels models, String name) ->
          PackFolder.open(models.pack(name, Trust.OFF).directory());
      case PackPlace.Installed(MemoryStore store, String name) ->
          PackFolder.open(store.require(name).directory());
    };
  }

  private PackFinder finder(String scheme) {
    List<PackFinder> fitting = finders().filter(f -> f.scheme().equals(scheme)).toList();
    if (fitting.size() != 1) {
      throw new MnemeException(
          "%s: %s; there is %s"
              .formatted(
                  text,
                  fitting.isEmpty()
                      ? "nothing on the class path finds packs by \"%s:\"%s"
                          .formatted(scheme, absence(scheme))
                      : "several jars find packs by \"%s:\", leave one of them".formatted(scheme),
                  finders().map(PackFinder::syntax).collect(Collectors.joining(", "))));
    }
    return fitting.getFirst();
  }

  /** What brings the finders of this project, where one of them is missing. */
  private static String absence(String scheme) {
    return switch (scheme) {
      case "hf" -> absence("dev.mneme.store.hub.HubFinder", "dev.mneme:mneme-memory-store");
      case "mvn" ->
          absence("dev.mneme.store.maven.MavenFinder", "dev.mneme:mneme-memory-store-maven");
      default -> "";
    };
  }

  private static String absence(String implementation, String dependency) {
    return ", "
        + Providers.of(PackFinder.class).absence(PackFinder.class, implementation, dependency);
  }

  private static Stream<PackFinder> finders() {
    return Providers.of(PackFinder.class).found().stream();
  }
}

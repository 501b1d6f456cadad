package dev.mneme.store.packs;

import dev.mneme.MnemeException;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.PackManifest;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
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

  /** Whether it has a scheme, and so means a pack that is somewhere else. */
  public boolean isRemote() {
    return FOUND.matcher(text).matches();
  }

  /**
   * Opens the pack where it is; the caller closes it.
   *
   * @param listener told while files are fetched from elsewhere
   * @throws MnemeException if there is no such pack; says what there is
   */
  public PackSource open(FetchListener listener) {
    Matcher found = FOUND.matcher(text);
    if (found.matches()) {
      return finder(found.group(1)).find(found.group(2), listener);
    }
    Optional<Path> path = existingPath();
    if (path.isPresent()) {
      return Files.isDirectory(path.get())
          ? PackFolder.open(path.get())
          : PackArchive.open(path.get());
    }
    ClassPathModels models = ClassPathModels.here();
    if (models.packs().contains(text)) {
      return PackFolder.open(models.pack(text).directory());
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

  private Optional<Path> existingPath() {
    try {
      return Optional.of(Path.of(text)).filter(Files::exists);
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private PackFinder finder(String scheme) {
    List<PackFinder> fitting = finders().filter(f -> f.scheme().equals(scheme)).toList();
    if (fitting.size() != 1) {
      throw new MnemeException(
          "%s: %s; there is %s"
              .formatted(
                  text,
                  fitting.isEmpty()
                      ? "nothing on the class path finds packs by \"%s:\"".formatted(scheme)
                      : "several jars find packs by \"%s:\", leave one of them".formatted(scheme),
                  finders().map(PackFinder::syntax).collect(Collectors.joining(", "))));
    }
    return fitting.getFirst();
  }

  private static Stream<PackFinder> finders() {
    return ServiceLoader.load(PackFinder.class).stream().map(ServiceLoader.Provider::get);
  }
}

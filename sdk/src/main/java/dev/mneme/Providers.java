package dev.mneme;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What jars register for an interface in {@code META-INF/services}, looked up with the thread's
 * class loader and with the interface's own: threads of pools and of application servers may have a
 * class loader that sees neither.
 *
 * @param found one of each class
 * @param failures why registered classes could not be used
 */
public record Providers<T>(List<T> found, List<String> failures) {

  /** Where the build that lost the files is explained. */
  private static final String MERGE =
      "a build that puts several jars into one must merge the files of META-INF/services";

  private static final int MOST_FAILURES = 20;

  public Providers {
    found = List.copyOf(found);
    failures = List.copyOf(failures);
  }

  /** Looks them up and makes one object of each class. */
  public static <T> Providers<T> of(Class<T> service) {
    Map<Class<?>, T> found = new LinkedHashMap<>();
    Set<String> failures = new LinkedHashSet<>();
    loaders(service)
        .forEach(loader -> collect(ServiceLoader.load(service, loader), found, failures));
    return new Providers<>(List.copyOf(found.values()), List.copyOf(failures));
  }

  private static Stream<ClassLoader> loaders(Class<?> service) {
    @Nullable ClassLoader threads = Thread.currentThread().getContextClassLoader();
    return Stream.of(threads, service.getClassLoader()).filter(loader -> loader != null).distinct();
  }

  private static <T> void collect(
      ServiceLoader<T> services, Map<Class<?>, T> found, Set<String> failures) {
    Iterator<ServiceLoader.Provider<T>> iterator = services.stream().iterator();
    boolean more = true;
    for (int failed = 0; more && failed < MOST_FAILURES; ) {
      try {
        more = iterator.hasNext();
        if (more) {
          ServiceLoader.Provider<T> provider = iterator.next();
          if (!found.containsKey(provider.type())) {
            found.put(provider.type(), provider.get());
          }
        }
      } catch (ServiceConfigurationError | LinkageError e) {
        failures.add(e.toString());
        failed++;
      }
    }
  }

  /**
   * Why an implementation that is expected is not among those found, and what to do, as the end of
   * a message.
   *
   * @param implementation name of its class
   * @param dependency that brings it, as {@code group:artifact}
   */
  public String absence(Class<T> service, String implementation, String dependency) {
    String text =
        loaders(service).anyMatch(loader -> sees(loader, implementation))
            ? "the classes of %s are there, but no META-INF/services/%s names %s: %s"
                .formatted(dependency, service.getName(), implementation, MERGE)
            : "add the dependency %s; if the program has it, it is out of sight of this thread's class loader"
                .formatted(dependency);
    return failures.isEmpty() ? text : text + "; unusable: " + String.join("; ", failures);
  }

  private static boolean sees(ClassLoader loader, String name) {
    return loader.getResource(name.replace('.', '/') + ".class") != null;
  }
}

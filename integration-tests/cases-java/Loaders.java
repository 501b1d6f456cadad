import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * Opens hosts with Mneme loaded by two class loaders in one JVM, without Mneme on the class path.
 * Prints "loader N: opened" or "loader N: error MESSAGE". Arguments: LIB_FOLDER HOST...
 */
public class Loaders {
  public static void main(String[] args) throws Exception {
    URL[] jars = jars(Path.of(args[0]));
    for (String host : Arrays.asList(args).subList(1, args.length)) {
      for (int number = 1; number <= 2; number++) {
        System.out.println("loader " + number + ": " + open(jars, "app" + number, Path.of(host)));
      }
    }
  }

  private static URL[] jars(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(Loaders::url).toArray(URL[]::new);
    }
  }

  private static URL url(Path file) {
    try {
      return file.toUri().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(file.toString(), e);
    }
  }

  @SuppressWarnings("resource") // a class loader of an application lives as long as it
  private static String open(URL[] jars, String name, Path host) throws Exception {
    var loader = new URLClassLoader(name, jars, ClassLoader.getPlatformClassLoader());
    Thread.currentThread().setContextClassLoader(loader);
    try {
      Object opened =
          loader.loadClass("dev.mneme.HostLoader").getMethod("open", Path.class).invoke(null, host);
      ((AutoCloseable) opened).close();
      return "opened";
    } catch (InvocationTargetException e) {
      return "error " + e.getCause().getMessage();
    }
  }
}

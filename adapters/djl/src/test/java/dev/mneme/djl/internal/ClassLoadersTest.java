package dev.mneme.djl.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The JVM binds a library to one class loader; a second is told so. */
class ClassLoadersTest {

  /** Why PyTorch cannot be used in a class loader of its own; empty if it can. */
  private static Optional<String> start(URL[] classPath) throws ReflectiveOperationException {
    // Left open: what was loaded through it may be used until the JVM ends.
    var loader = new URLClassLoader(classPath, ClassLoader.getPlatformClassLoader());
    try {
      Object manager = loader.loadClass(Torch.class.getName()).getMethod("newManager").invoke(null);
      manager.getClass().getMethod("close").invoke(manager);
      return Optional.empty();
    } catch (InvocationTargetException e) {
      return Optional.of(String.valueOf(e.getTargetException().getMessage()));
    }
  }

  private static URL url(String path) {
    try {
      return Path.of(path).toUri().toURL();
    } catch (MalformedURLException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aSecondClassLoaderWorksOrIsToldOfTheFirst() throws ReflectiveOperationException {
    URL[] classPath =
        Arrays.stream(
                System.getProperty("java.class.path").split(Pattern.quote(File.pathSeparator)))
            .map(ClassLoadersTest::url)
            .toArray(URL[]::new);
    List<Optional<String>> outcomes = Stream.of(start(classPath), start(classPath)).toList();
    for (Optional<String> failure : outcomes) {
      failure.ifPresent(
          message ->
              assertThat(message).contains("another class loader", "where both applications"));
    }
  }
}

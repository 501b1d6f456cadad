package dev.mneme.djl.internal;

import ai.djl.util.Platform;
import dev.mneme.NativeLibraryException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A native library in a jar and the place where DJL unpacks it. DJL takes what it finds there, so a
 * copy that a full disk or a crash left damaged would end the JVM at every start.
 *
 * @param resource its name in the jar
 * @param copy the unpacked file, which need not exist
 */
record UnpackedLibrary(String resource, Path copy) {

  private static final Logger logger = LoggerFactory.getLogger(UnpackedLibrary.class);
  private static final int BUFFER = 1 << 20;

  /** The files of an engine in a folder of {@link UnpackFolder}; empty where no jar has them. */
  static List<UnpackedLibrary> of(Path folder, String engine, Platform platform) {
    String flavor = engine.equals("tokenizers") ? "cpu" : platform.getFlavor();
    String classifier = platform.getClassifier();
    Path unpacked =
        folder.resolve(engine).resolve(platform.getVersion() + '-' + flavor + '-' + classifier);
    var libraries = new ArrayList<UnpackedLibrary>();
    if (engine.equals("tokenizers")) {
      String name = System.mapLibraryName("tokenizers");
      String resource = "native/lib/%s/%s/%s".formatted(classifier, flavor, name);
      libraries.add(new UnpackedLibrary(resource, unpacked.resolve(name)));
    } else if (!platform.isPlaceholder()) {
      for (String name : platform.getLibraries()) {
        String resource = "pytorch/%s/%s/%s".formatted(flavor, classifier, name);
        libraries.add(new UnpackedLibrary(resource, unpacked.resolve(name)));
      }
      String name = System.mapLibraryName("djl_torch");
      libraries.add(
          new UnpackedLibrary(
              "jnilib/%s/%s/%s".formatted(classifier, flavor, name),
              unpacked.resolve(platform.getApiVersion() + '-' + name)));
    }
    return libraries;
  }

  /**
   * Removes damaged copies, which DJL then unpacks again.
   *
   * @throws NativeLibraryException if one cannot be removed
   */
  static void removeDamaged(List<UnpackedLibrary> libraries, ClassLoader loader) {
    List<UnpackedLibrary> unpacked =
        libraries.stream().filter(library -> Files.exists(library.copy)).toList();
    try {
      boolean whole = true;
      for (UnpackedLibrary library : unpacked) {
        whole &= library.isWhole(loader);
      }
      if (!whole) {
        // DJL unpacks all of an engine's files where the main one is missing.
        for (UnpackedLibrary library : unpacked) {
          logger.warn("{} is not what its jar holds, and is unpacked again", library.copy);
          Files.delete(library.copy);
        }
      }
    } catch (IOException e) {
      throw new NativeLibraryException(
          "%s are not what their jars hold and cannot be replaced: %s; delete their folder"
              .formatted(unpacked.stream().map(UnpackedLibrary::copy).toList(), e),
          e);
    }
  }

  private boolean isWhole(ClassLoader loader) throws IOException {
    URL url = loader.getResource(resource);
    if (url == null) {
      return true; // brought by other means
    }
    URLConnection connection = url.openConnection();
    connection.setUseCaches(false);
    if (connection instanceof JarURLConnection jar) {
      try (var _ = jar.getJarFile()) {
        JarEntry entry = jar.getJarEntry();
        if (entry.getSize() >= 0 && entry.getCrc() >= 0) {
          return Files.size(copy) == entry.getSize()
              && crc(Files.newInputStream(copy)) == entry.getCrc();
        }
      }
    }
    return crc(Files.newInputStream(copy)) == crc(url.openStream());
  }

  private static long crc(InputStream bytes) throws IOException {
    try (var in = new CheckedInputStream(new BufferedInputStream(bytes), new CRC32())) {
      var buffer = new byte[BUFFER];
      int read;
      do {
        read = in.read(buffer);
      } while (read >= 0);
      return in.getChecksum().getValue();
    }
  }
}

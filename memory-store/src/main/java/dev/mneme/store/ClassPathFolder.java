package dev.mneme.store;

import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.UnresolvedNameException;
import dev.mneme.store.PackManifest.Entry;
import dev.mneme.store.files.Problems;
import dev.mneme.store.files.RegularFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/**
 * The files of one model on the class path, under {@code META-INF/mneme}. One of them, the index,
 * lists the others with their digests; finding it is finding the model.
 *
 * @param index where the index is
 */
record ClassPathFolder(Kind kind, String name, URI index) {

  /** What a folder may hold. */
  enum Kind {
    PACK("pack", "packs", PackManifest.FILE),
    HOST("host", "hosts", HostSums.FILE);

    private final String noun;
    private final String folder;
    private final String index;

    Kind(String noun, String plural, String index) {
      this.noun = noun;
      this.folder = "META-INF/mneme/" + plural;
      this.index = index;
    }
  }

  /**
   * The names on a class path, sorted. A jar is looked into if it has an entry for the folder of
   * its models, as the usual build tools write them.
   */
  static List<String> names(ClassLoader loader, Kind kind) {
    var names = new TreeSet<String>();
    try {
      for (URL folder : Collections.list(loader.getResources(kind.folder))) {
        if (folder.getProtocol().equals("file")) {
          addFolders(names, kind, Path.of(address(folder)));
        } else if (connect(folder) instanceof JarURLConnection jar) {
          addEntries(names, kind, jar);
        }
      }
    } catch (IOException e) {
      throw new MnemeException("cannot look through the class path: " + FailureText.of(e), e);
    }
    return names.stream().filter(PackManifest::isValidName).toList();
  }

  private static void addFolders(TreeSet<String> names, Kind kind, Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      entries
          .filter(entry -> Files.exists(entry.resolve(kind.index)))
          .forEach(entry -> names.add(String.valueOf(entry.getFileName())));
    }
  }

  private static void addEntries(TreeSet<String> names, Kind kind, JarURLConnection connection)
      throws IOException {
    try (JarFile jar = connection.getJarFile()) {
      jar.stream()
          .map(entry -> entry.getName())
          .filter(entry -> entry.startsWith(kind.folder) && entry.endsWith("/" + kind.index))
          .map(entry -> entry.substring(kind.folder.length() + 1))
          .map(entry -> entry.substring(0, Math.max(0, entry.length() - kind.index.length() - 1)))
          .forEach(names::add);
    }
  }

  /**
   * The one model of a name.
   *
   * @throws UnresolvedNameException if there is none, or several places offer one
   */
  static ClassPathFolder find(ClassLoader loader, Kind kind, String name) {
    if (!PackManifest.isValidName(name)) { // so that it cannot lead out of the folder
      throw unknown(loader, kind, name);
    }
    List<ClassPathFolder> found;
    try {
      found =
          Collections.list(loader.getResources(kind.folder + "/" + name + "/" + kind.index))
              .stream()
              .map(url -> new ClassPathFolder(kind, name, address(url)))
              .distinct()
              .toList();
    } catch (IOException e) {
      throw new MnemeException("cannot look through the class path: " + FailureText.of(e), e);
    }
    if (found.isEmpty()) {
      throw unknown(loader, kind, name);
    }
    if (found.size() > 1) {
      throw new UnresolvedNameException(
          "several places on the class path offer the %s %s; leave one of them: %s"
              .formatted(kind.noun, name, found.stream().map(ClassPathFolder::place).toList()),
          names(loader, kind));
    }
    return found.getFirst();
  }

  private static UnresolvedNameException unknown(ClassLoader loader, Kind kind, String name) {
    List<String> names = names(loader, kind);
    return new UnresolvedNameException(
        "no %s named %s is on the class path; add the jar that brings it, or use what is there: %s"
            .formatted(kind.noun, name, names.isEmpty() ? "none" : String.join(", ", names)),
        names);
  }

  /** The folder itself, if it is one on disk and not in a jar. */
  Optional<Path> inPlace() {
    return "file".equals(index.getScheme())
        ? Optional.ofNullable(Path.of(index).getParent())
        : Optional.empty();
  }

  /** The index as messages name it. */
  Path place() {
    String text = index.toString();
    boolean simpleJar = text.startsWith("jar:file:") && text.contains("!/");
    return inPlace()
        .map(folder -> folder.resolve(kind.index))
        .orElseGet(
            () ->
                simpleJar
                    ? Path.of(URI.create(text.substring("jar:".length(), text.indexOf("!/"))))
                        .resolve(text.substring(text.indexOf("!/") + 2))
                    : Path.of(kind.folder, name, kind.index));
  }

  /** The index's file name. */
  String indexName() {
    return kind.index;
  }

  /** What it is, as {@code pack law}. */
  String title() {
    return kind.noun + " " + name;
  }

  byte[] readIndex() {
    try (InputStream in = open(index)) {
      return RegularFiles.read(place().toString(), in, 0, PackManifest.MOST_BYTES);
    } catch (IOException e) {
      throw new MnemeException("cannot read %s: %s".formatted(place(), FailureText.of(e)), e);
    }
  }

  /** A file beside the index, if there is one; at most so many bytes and one more are read. */
  Optional<byte[]> read(String fileName, int most) {
    String base = index.toString();
    base = base.substring(0, base.length() - kind.index.length());
    try (InputStream in = open(URI.create(base + fileName))) {
      return Optional.of(in.readNBytes(most + 1));
    } catch (FileNotFoundException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new MnemeException(
          "cannot read %s beside %s: %s".formatted(fileName, place(), FailureText.of(e)), e);
    }
  }

  /**
   * Copies listed files to a folder, with their digests checked on the way.
   *
   * @param files plain names and SHA-256
   * @throws PackIntegrityException naming every file that is absent or not the listed one
   */
  void copyTo(Path folder, Map<String, String> files) throws IOException {
    var problems = new ArrayList<String>();
    String base = index.toString();
    base = base.substring(0, base.length() - kind.index.length());
    for (Map.Entry<String, String> file : files.entrySet()) {
      String fileName = file.getKey();
      try (InputStream in = open(URI.create(base + fileName));
          OutputStream out = Files.newOutputStream(folder.resolve(fileName))) {
        Entry copied = PackFiles.copy(fileName, in, out);
        if (!copied.sha256().equals(file.getValue())) {
          problems.add(
              "\"%s\" has SHA-256 %s, expected %s"
                  .formatted(fileName, copied.sha256(), file.getValue()));
        }
      } catch (FileNotFoundException e) {
        problems.add("\"%s\" is listed but absent".formatted(fileName));
      }
    }
    if (!problems.isEmpty()) {
      throw new PackIntegrityException(
          "the %s is not what %s describes; get its jar again: %s"
              .formatted(title(), place(), Problems.join(problems)));
    }
  }

  private static InputStream open(URI address) throws IOException {
    return connect(address.toURL()).getInputStream();
  }

  /** Without the cache that would keep jars open for good. */
  private static URLConnection connect(URL url) throws IOException {
    URLConnection connection = url.openConnection();
    connection.setUseCaches(false);
    return connection;
  }

  private static URI address(URL url) {
    try {
      return url.toURI();
    } catch (URISyntaxException e) {
      throw new MnemeException(
          "%s on the class path is no address; rename the file".formatted(url), e);
    }
  }
}

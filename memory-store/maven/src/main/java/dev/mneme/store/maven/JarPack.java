package dev.mneme.store.maven;

import static java.util.stream.Collectors.joining;

import dev.mneme.FailureText;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.PackManifest;
import dev.mneme.store.packs.PackArchive;
import dev.mneme.store.packs.PackSignature;
import dev.mneme.store.packs.PackSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * The one pack of a jar, in {@code META-INF/mneme/packs/NAME/}. What else the jar holds is left
 * alone: only files that the manifest lists are asked for. Used by one thread; whoever opens it
 * closes it.
 */
final class JarPack implements PackSource {

  private static final String PACKS = "META-INF/mneme/packs/";
  private static final Pattern MANIFEST =
      Pattern.compile(Pattern.quote(PACKS) + "([^/]+)/" + Pattern.quote(PackManifest.FILE));

  /** More of what a jar should not hold are not listed. */
  private static final int MOST_NAMED = 10;

  private final Path file;
  private final ZipFile jar;
  private final String folder;
  private final byte[] manifestBytes;
  private final PackManifest manifest;

  private JarPack(Path file, ZipFile jar) throws IOException {
    this.file = file;
    this.jar = jar;
    String name = onlyPack();
    folder = PACKS + name + "/";
    ZipEntry entry = jar.getEntry(folder + PackManifest.FILE);
    manifestBytes = readWhole(entry, PackArchive.LARGEST_MANIFEST);
    manifest = PackManifest.parse(place(entry), manifestBytes);
    if (!manifest.name().equals(name)) {
      throw new MalformedFileException(
          "%s: \"name\" is %s, expected %s like its folder"
              .formatted(place(entry), manifest.name(), name));
    }
  }

  /**
   * Opens a jar and reads its pack's manifest.
   *
   * @throws MalformedFileException if it is no jar, or holds no pack, several, or one whose folder
   *     or manifest is wrong
   * @throws MnemeException if it cannot be read
   */
  static JarPack open(Path file) {
    try {
      ZipFile jar = new ZipFile(file.toFile());
      try {
        return new JarPack(file, jar);
      } catch (RuntimeException | IOException e) {
        jar.close();
        throw e;
      }
    } catch (ZipException e) {
      throw new MalformedFileException(
          "%s is no jar, or damaged: %s; delete it and get it again"
              .formatted(file, FailureText.of(e)),
          e);
    } catch (IOException e) {
      throw new MnemeException("cannot read %s: %s".formatted(file, FailureText.of(e)), e);
    }
  }

  /** The name of the folder with the pack. */
  private String onlyPack() {
    List<String> names =
        jar.stream()
            .map(entry -> MANIFEST.matcher(entry.getName()))
            .filter(Matcher::matches)
            .map(found -> found.group(1))
            .toList();
    if (names.size() != 1) {
      throw new MalformedFileException(
          "%s holds %s, expected one pack in %sNAME/; %s"
              .formatted(
                  file,
                  names.isEmpty()
                      ? "no pack"
                      : "%d packs (%s)"
                          .formatted(
                              names.size(),
                              names.stream().sorted().limit(MOST_NAMED).collect(joining(", "))),
                  PACKS,
                  names.isEmpty()
                      ? "check that these are the coordinates of a pack"
                      : "put it on the class path and pull one of them by its name"));
    }
    String name = names.getFirst();
    if (!PackManifest.isValidName(name)) {
      throw new MalformedFileException(
          "%s: the folder \"%s%s\" is not called as a pack may be: 1 to 64 of a-z, 0-9, '.', '_' and '-', a letter or digit first; tell whoever made the jar"
              .formatted(file, PACKS, name));
    }
    return name;
  }

  private byte[] readWhole(ZipEntry entry, int most) throws IOException {
    try (InputStream in = jar.getInputStream(entry)) {
      byte[] bytes = in.readNBytes(most + 1); // what the entry says about its size may be wrong
      if (bytes.length > most) {
        throw new MalformedFileException(
            "%s takes more than %d bytes, more than any pack needs; tell whoever made the jar"
                .formatted(place(entry), most));
      }
      return bytes;
    }
  }

  private String place(ZipEntry entry) {
    return file.resolve(entry.getName()).toString();
  }

  @Override
  public String origin() {
    return file.toString();
  }

  @Override
  public byte[] manifestBytes() {
    return manifestBytes.clone();
  }

  @Override
  public PackManifest manifest() {
    return manifest;
  }

  @Override
  public Optional<byte[]> signature() {
    ZipEntry entry = jar.getEntry(folder + PackSignature.FILE);
    if (entry == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(readWhole(entry, PackArchive.LARGEST_SIGNATURE));
    } catch (IOException e) {
      throw new MnemeException("cannot read %s: %s".formatted(place(entry), FailureText.of(e)), e);
    }
  }

  @Override
  public InputStream open(PackManifest.Entry wanted) throws IOException {
    ZipEntry entry = jar.getEntry(folder + wanted.name());
    if (entry == null) {
      throw new NoSuchFileException(file.toString(), null, "no entry " + folder + wanted.name());
    }
    return jar.getInputStream(entry);
  }

  @Override
  public void close() {
    try {
      jar.close();
    } catch (IOException e) {
      throw new MnemeException("cannot close %s: %s".formatted(file, FailureText.of(e)), e);
    }
  }
}

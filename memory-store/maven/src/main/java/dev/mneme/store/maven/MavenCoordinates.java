package dev.mneme.store.maven;

import com.google.common.base.Splitter;
import dev.mneme.MnemeException;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.eclipse.aether.artifact.Artifact;
import org.eclipse.aether.artifact.DefaultArtifact;

/**
 * Which artifact a reference means, in Maven's order {@code GROUP:ARTIFACT[:EXTENSION[:CLASSIFIER]]
 * :VERSION}. Every part is a plain word, since Maven makes file names of them.
 *
 * @param extension {@link #JAR} or {@link #MPACK}
 * @param classifier empty where there is none
 * @param version one version; a {@code -SNAPSHOT} is one, too
 */
record MavenCoordinates(
    String group, String artifact, String extension, String classifier, String version) {

  static final String SCHEME = "mvn";
  static final String SYNTAX = "mvn:GROUP:ARTIFACT[:EXTENSION[:CLASSIFIER]]:VERSION";
  static final String JAR = "jar";
  static final String MPACK = "mpack";

  private static final int FEWEST_PARTS = 3;
  private static final int MOST_PARTS = 5;

  private static final Pattern WORD = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*");
  private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._+-]*");

  /** What Maven takes for "whichever is newest"; it counts capitals only. */
  private static final Set<String> MOVING = Set.of("LATEST", "RELEASE");

  private static final Pattern RANGE = Pattern.compile(".*[\\[\\](),].*");

  /**
   * Reads coordinates.
   *
   * @param text what follows the scheme and its colon
   * @throws MnemeException naming the part that is wrong
   */
  static MavenCoordinates parse(String text) {
    List<String> parts = Splitter.on(':').splitToList(text);
    if (parts.size() < FEWEST_PARTS || parts.size() > MOST_PARTS) {
      throw wrong(
          text,
          "there are %d parts, expected %d to %d"
              .formatted(parts.size(), FEWEST_PARTS, MOST_PARTS));
    }
    String version = parts.getLast();
    if (MOVING.contains(version) || RANGE.matcher(version).matches()) {
      throw wrong(
          text,
          "\"%s\" means another version from day to day, but a pack must be pinned; name one version"
              .formatted(version));
    }
    require(text, "version", version, VERSION);
    var coordinates =
        new MavenCoordinates(
            parts.get(0),
            parts.get(1),
            parts.size() > FEWEST_PARTS ? parts.get(2) : JAR,
            parts.size() == MOST_PARTS ? parts.get(MOST_PARTS - 2) : "",
            version);
    require(text, "group", coordinates.group, WORD);
    require(text, "artifact", coordinates.artifact, WORD);
    if (!coordinates.extension.equals(JAR) && !coordinates.extension.equals(MPACK)) {
      throw wrong(
          text,
          "the extension is \"%s\", expected %s or %s"
              .formatted(coordinates.extension, JAR, MPACK));
    }
    if (parts.size() == MOST_PARTS) {
      require(text, "classifier", coordinates.classifier, WORD);
    }
    return coordinates;
  }

  private static void require(String text, String part, String value, Pattern pattern) {
    if (!pattern.matcher(value).matches()) {
      throw wrong(
          text,
          "the %s is \"%s\", expected letters, digits, '.', '_' and '-'".formatted(part, value));
    }
  }

  private static MnemeException wrong(String text, String what) {
    return new MnemeException(
        "\"%s:%s\" is no pack's coordinates: %s; write %s".formatted(SCHEME, text, what, SYNTAX));
  }

  Artifact toArtifact() {
    return new DefaultArtifact(group, artifact, classifier, extension, version);
  }

  /** The same artifact in another version, as the one that a snapshot stands for. */
  MavenCoordinates withVersion(String other) {
    return new MavenCoordinates(group, artifact, extension, classifier, other);
  }

  /** As {@code mvn:...}, as short as can be. */
  @Override
  public String toString() {
    String middle = "";
    if (!classifier.isEmpty()) {
      middle = ":%s:%s".formatted(extension, classifier);
    } else if (!extension.equals(JAR)) {
      middle = ":" + extension;
    }
    return "%s:%s:%s%s:%s".formatted(SCHEME, group, artifact, middle, version);
  }
}

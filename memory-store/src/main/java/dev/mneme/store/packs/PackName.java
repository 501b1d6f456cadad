package dev.mneme.store.packs;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.store.PackManifest;
import dev.mneme.store.files.RegularFiles;
import dev.mneme.store.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a store's name means: the content of {@code names/NAME.json}.
 *
 * @param digest {@code sha256:} and 64 hex digits
 */
record PackName(String digest, String origin, Instant installed, Optional<String> signer) {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String PREFIX = "sha256:";
  private static final Pattern DIGEST = Pattern.compile(PREFIX + "[0-9a-f]{64}");

  /** Reads a name's file, which another process may replace or remove at any time. */
  static Optional<PackName> read(Path file) {
    try {
      return Optional.of(
          parse(file.toString(), RegularFiles.readAtMost(file, PackManifest.MOST_BYTES)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new MnemeException("cannot read %s: %s".formatted(file, FailureText.of(e)), e);
    }
  }

  private static PackName parse(String origin, byte[] bytes) {
    JsonValue json = JsonValue.parse(origin, bytes);
    JsonValue digest = json.get("digest");
    if (!DIGEST.matcher(digest.string()).matches()) { // before it becomes part of a path
      throw digest.unlike("\"sha256:\" and 64 lower-case hex digits");
    }
    JsonValue installed = json.get("installed");
    try {
      return new PackName(
          digest.string(),
          json.get("origin").string(),
          Instant.parse(installed.string()),
          json.find("signer").map(JsonValue::string));
    } catch (DateTimeParseException e) {
      throw installed.unlike("an instant, as 2030-12-31T00:00:00Z");
    }
  }

  /** What the pack's folder is called. */
  String hex() {
    return hex(digest);
  }

  static String hex(String digest) {
    return digest.substring(PREFIX.length());
  }

  static String digest(String hex) {
    return PREFIX + hex;
  }

  /** Writes the file in one step, through one in a folder of the same file system. */
  void write(Path file, Path staging) throws IOException {
    var json =
        MAPPER
            .createObjectNode()
            .put("digest", digest)
            .put("origin", origin)
            .put("installed", installed.toString());
    signer.ifPresent(text -> json.put("signer", text));
    Path made = staging.resolve("name.json");
    Files.write(made, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(json));
    Files.move(made, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}

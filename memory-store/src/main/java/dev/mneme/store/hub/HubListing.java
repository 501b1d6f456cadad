package dev.mneme.store.hub;

import dev.mneme.PrintableText;
import dev.mneme.store.PackManifest;
import dev.mneme.store.hub.HubFile.Digest;
import dev.mneme.store.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a hub says of one revision of a repository: {@code GET
 * /api/models/OWNER/NAME/revision/REVISION?blobs=true}.
 *
 * @param commit the revision as a commit
 * @param files by name
 */
record HubListing(String commit, Map<String, HubFile> files) {

  private static final Pattern SHA1 = Pattern.compile("[0-9a-f]{40}");
  private static final int LONGEST_NAME = 80;

  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  /**
   * Reads a hub's answer.
   *
   * @param origin whose, for messages
   * @throws dev.mneme.MalformedFileException if a field that is needed is missing or wrong
   */
  static HubListing parse(String origin, byte[] answer) {
    JsonValue json = JsonValue.parse(origin, answer);
    Map<String, HubFile> files = new LinkedHashMap<>();
    for (JsonValue sibling : json.get("siblings").elements()) {
      HubFile file = file(sibling);
      files.put(file.name(), file);
    }
    return new HubListing(hex(json.get("sha"), SHA1), files);
  }

  private static HubFile file(JsonValue json) {
    String name = json.get("rfilename").string();
    JsonValue size = json.get("size");
    if (!size.isInteger()
        || size.integer(Long.MIN_VALUE, Long.MAX_VALUE) < 0
        || size.integer(Long.MIN_VALUE, Long.MAX_VALUE) > PackManifest.LARGEST_FILE) {
      throw size.unlike(
          "an integer from 0 to %d, the size of %s"
              .formatted(PackManifest.LARGEST_FILE, PrintableText.of(name, LONGEST_NAME)));
    }
    long bytes = size.integer(0, PackManifest.LARGEST_FILE);
    Optional<JsonValue> large = json.find("lfs");
    Digest digest =
        large.isPresent()
            ? new Digest.Sha256(hex(large.get().get("sha256"), SHA256))
            : new Digest.GitBlob(hex(json.get("blobId"), SHA1));
    return new HubFile(name, bytes, digest);
  }

  private static String hex(JsonValue value, Pattern pattern) {
    if (!pattern.matcher(value.string()).matches()) {
      throw value.unlike("lower-case hex digits: " + pattern);
    }
    return value.string();
  }
}

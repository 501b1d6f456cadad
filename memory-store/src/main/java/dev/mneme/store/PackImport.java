package dev.mneme.store;

import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.store.PackManifest.Entry;
import dev.mneme.store.hf.NetworkShape;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Copies a checked model folder into a new pack; see {@link MemoryPack#importFrom}. */
final class PackImport {

  private PackImport() {}

  static void run(Path directory, PackLabel label, PackKind kind, Path out) {
    String name = label.name();
    if (!PackManifest.isValidName(name)) {
      throw new MnemeException(
          "\"%s\" is no name for a pack: use 1 to 64 of a-z, 0-9, '.', '_' and '-', a letter or digit first"
              .formatted(name));
    }
    if (Files.exists(out, LinkOption.NOFOLLOW_LINKS)) {
      throw new MnemeException(
          "%s exists already; remove it or choose another folder".formatted(out));
    }
    NetworkShape network = PackContent.read(directory, kind).network();
    Path target = out.toAbsolutePath().normalize();
    try {
      Path parent = target.resolveSibling(".").normalize();
      Files.createDirectories(parent);
      try (ImportPlace place = ImportPlace.open(target)) {
        List<Entry> files = copy(directory, place.folder());
        var manifest =
            new PackManifest(
                name,
                label.version(),
                label.domain(),
                kind,
                "",
                label.lambda(),
                network.architecture(),
                network.vocabulary(),
                files);
        // Last, so that a folder with a manifest is a whole pack.
        Files.write(place.folder().resolve(PackManifest.FILE), manifest.toBytes());
        place.complete();
      }
    } catch (IOException e) {
      throw new MnemeException("cannot write the pack %s: %s".formatted(out, FailureText.of(e)), e);
    }
  }

  private static List<Entry> copy(Path from, Path to) throws IOException {
    var files = new ArrayList<Entry>();
    for (String name : PackFiles.carried(from)) {
      try (OutputStream out = Files.newOutputStream(to.resolve(name))) {
        files.add(PackFiles.copy(from.resolve(name), out));
      }
    }
    return files;
  }
}

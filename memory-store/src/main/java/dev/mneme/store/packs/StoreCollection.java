package dev.mneme.store.packs;

import dev.mneme.MalformedFileException;
import dev.mneme.store.PackManifest;
import dev.mneme.store.files.RegularFiles;
import dev.mneme.store.packs.MemoryStore.Collected;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One collection of what a store no longer needs. Other processes may install, lease and collect
 * meanwhile: whatever is gone when it is looked at was theirs to take.
 *
 * @param limit what is younger stays
 */
record StoreCollection(StoreFolder folder, Instant limit) {

  /** Removes what is left over of processes that ended, then packs, then files. */
  Collected run() throws IOException {
    StoreFolder.removeAbandoned(folder.making());
    for (Path leases : StoreFolder.children(folder.leases())) {
      StoreFolder.removeAbandoned(leases);
    }
    var packs = new ArrayList<String>();
    int young = 0;
    for (Path pack : StoreFolder.children(folder.packs())) {
      String hex = String.valueOf(pack.getFileName());
      if (folder.isUsed(hex)) {
        continue;
      }
      if (!isOlder(pack)) {
        young++;
      } else if (folder.discard(pack, false)) {
        packs.add(PackName.digest(hex));
      }
    }
    return new Collected(List.copyOf(packs), young, collectBlobs());
  }

  private long collectBlobs() throws IOException {
    Set<String> kept = new HashSet<>();
    for (Path pack : StoreFolder.children(folder.packs())) {
      Path file = pack.resolve(PackManifest.FILE);
      try {
        PackManifest.parse(file.toString(), RegularFiles.readAtMost(file, PackManifest.MOST_BYTES))
            .files()
            .forEach(entry -> kept.add(entry.sha256()));
      } catch (NoSuchFileException e) {
        // Another process collected it.
      } catch (MalformedFileException e) {
        // Damaged: its own links keep its files, and installing it again shares them anew.
      }
    }
    long bytes = 0;
    for (Path blob : StoreFolder.children(folder.blobs())) {
      try {
        if (!kept.contains(String.valueOf(blob.getFileName())) && isOlder(blob)) {
          long size = Files.size(blob);
          folder.step().run();
          Files.delete(blob);
          bytes += size;
        }
      } catch (NoSuchFileException e) {
        // Another process collected it.
      }
    }
    return bytes;
  }

  private boolean isOlder(Path path) throws IOException {
    try {
      return !Files.getLastModifiedTime(path).toInstant().isAfter(limit);
    } catch (NoSuchFileException e) {
      return false; // another process collected it
    }
  }
}

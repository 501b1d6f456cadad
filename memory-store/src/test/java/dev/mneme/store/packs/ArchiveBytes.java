package dev.mneme.store.packs;

import com.google.common.primitives.Bytes;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackManifest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;

/** Archives in a pack's format, whatever they hold. */
final class ArchiveBytes {

  private ArchiveBytes() {}

  /** A pack's files by name, as its archive has them, to be changed. */
  static Map<String, byte[]> files(MemoryPack pack) throws IOException {
    var files = new LinkedHashMap<String, byte[]>();
    files.put("pack.json", Files.readAllBytes(pack.directory().resolve("pack.json")));
    for (PackManifest.Entry file : pack.manifest().files()) {
      files.put(file.name(), Files.readAllBytes(pack.directory().resolve(file.name())));
    }
    return files;
  }

  /** Entries written as the format has them. */
  static byte[] of(Map<String, byte[]> files) {
    var entries = new ArrayList<ZipRecords.Entry>();
    byte[] all = new byte[0];
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      var sum = new CRC32();
      sum.update(file.getValue());
      var entry =
          new ZipRecords.Entry(
              file.getKey(), all.length, file.getValue().length, (int) sum.getValue());
      entries.add(entry);
      all = Bytes.concat(all, of(ZipRecords.localHeader(entry)), file.getValue());
    }
    return Bytes.concat(all, of(ZipRecords.directory(entries)));
  }

  static byte[] of(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }
}

package dev.mneme.store.packs;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mneme.store.PackManifest;
import dev.mneme.store.fuzz.AllocationBound;
import dev.mneme.store.fuzz.ByteDamage;
import dev.mneme.store.fuzz.Draw;
import dev.mneme.store.fuzz.FileTarget;
import dev.mneme.store.fuzz.JsonDamage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/** Archives of packs: damaged anywhere, or well made around a damaged manifest. */
public final class ArchiveTarget extends FileTarget {

  private static final List<byte[]> SEEDS =
      List.of(
          archive(ManifestTarget.SEEDS.getFirst(), ManifestTarget.MANIFESTS.getFirst(), false),
          archive(ManifestTarget.SEEDS.getLast(), ManifestTarget.MANIFESTS.getLast(), true));

  public ArchiveTarget() throws IOException {
    super("mpack", "law" + PackArchive.SUFFIX, AllocationBound.JSON);
  }

  /** An archive with these bytes for a manifest, and the files that another one lists. */
  private static byte[] archive(byte[] manifestBytes, PackManifest listing, boolean signed) {
    Map<String, byte[]> contents = new LinkedHashMap<>();
    contents.put(PackManifest.FILE, manifestBytes);
    if (signed) {
      contents.put(PackSignature.FILE, "{\"schemaVersion\":1}".getBytes(UTF_8));
    }
    for (PackManifest.Entry entry : listing.files()) {
      contents.put(entry.name(), new byte[(int) entry.bytes()]);
    }
    var out = new ByteArrayOutputStream();
    var written = new ArrayList<ZipRecords.Entry>();
    contents.forEach(
        (name, bytes) -> {
          var sum = new CRC32();
          sum.update(bytes);
          var entry = new ZipRecords.Entry(name, out.size(), bytes.length, (int) sum.getValue());
          out.writeBytes(array(ZipRecords.localHeader(entry)));
          out.writeBytes(bytes);
          written.add(entry);
        });
    out.writeBytes(array(ZipRecords.directory(written)));
    return out.toByteArray();
  }

  private static byte[] array(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  @Override
  public List<byte[]> seeds() {
    return SEEDS;
  }

  @Override
  public byte[] damage(Draw draw) {
    return draw.oneIn(3)
        ? archive(
            new JsonDamage(draw, ManifestTarget.SEEDS).apply(),
            draw.of(ManifestTarget.MANIFESTS),
            draw.oneIn(2))
        : new ByteDamage(draw, SEEDS).apply();
  }

  @Override
  public void read(byte[] input) throws IOException {
    try (PackArchive archive = PackArchive.open(path())) {
      archive.signature();
      byte[] some = new byte[512];
      for (PackManifest.Entry entry : archive.manifest().files()) {
        long bytes = 0;
        try (InputStream in = archive.open(entry)) {
          for (int count = in.read(some); count >= 0; count = in.read(some)) {
            bytes += count;
          }
        }
        if (bytes != entry.bytes()) {
          throw new AssertionError("%d bytes of %s".formatted(bytes, entry));
        }
      }
    }
  }
}

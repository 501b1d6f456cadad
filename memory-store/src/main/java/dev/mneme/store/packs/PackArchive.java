package dev.mneme.store.packs;

import com.google.common.base.Ascii;
import dev.mneme.FailureText;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackManifest;
import dev.mneme.store.files.FileKind;
import dev.mneme.store.files.RegularFiles;
import dev.mneme.store.files.UnfinishedFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;

/**
 * A pack in one file, {@code NAME.mpack}: a zip file with {@code pack.json} first, then {@code
 * pack.sig} where there is one, then the manifest's files in its order, all stored as they are. Any
 * zip program can look inside. Equal packs give equal archives, and only archives as {@link #write}
 * makes them open: nothing before, between or after what the manifest lists, no other entries, no
 * compression, no links, no folders. Used by one thread; whoever opens it closes it.
 */
public final class PackArchive implements PackSource {

  /** How the file's name ends. */
  public static final String SUFFIX = ".mpack";

  /** Far more than any pack needs. */
  private static final int MOST_ENTRIES = 4096;

  private static final int LONGEST_NAME = 128;

  /** Bytes that {@code pack.json} may take where a pack comes from elsewhere. */
  public static final int LARGEST_MANIFEST = PackManifest.MOST_BYTES;

  /** Bytes that {@code pack.sig} may take where a pack comes from elsewhere. */
  public static final int LARGEST_SIGNATURE = 64 << 10;

  private final Path file;
  private final FileChannel channel;
  private final List<ZipRecords.Entry> entries;
  private final byte[] manifestBytes;
  private final PackManifest manifest;

  private PackArchive(Path file, FileChannel channel) throws IOException {
    this.file = file;
    this.channel = channel;
    entries = readEntries();
    manifestBytes = readWhole(entries.getFirst(), LARGEST_MANIFEST);
    manifest = PackManifest.parse(file.resolve(PackManifest.FILE).toString(), manifestBytes);
    requireListed();
  }

  /**
   * Opens an archive and checks its structure; what its files hold is checked by whoever reads
   * them.
   *
   * @throws MalformedFileException if it is not as {@link #write} would have made it; names the
   *     place
   * @throws MnemeException if it cannot be read
   */
  public static PackArchive open(Path file) {
    requireArchive(file);
    try {
      FileChannel channel = FileChannel.open(file);
      try {
        return new PackArchive(file, channel);
      } catch (RuntimeException | IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw new MnemeException("cannot read %s: %s".formatted(file, FailureText.of(e)), e);
    }
  }

  /** Opening a pipe waits, and what is a model's file is better called so. */
  private static void requireArchive(Path file) {
    FileKind kind = FileKind.of(RegularFiles.require(file));
    boolean maybe =
        switch (kind) {
          case PACK, ARCHIVE, EMPTY, UNKNOWN -> true;
          default -> false;
        };
    if (!maybe) {
      throw new MalformedFileException(
          "%s is no pack: it %s; give a folder with %s, or a file that ends in %s"
              .formatted(file, kind.meaning(), PackManifest.FILE, SUFFIX));
    }
  }

  /**
   * Writes a pack's archive, which appears whole or not at all and replaces one that is there.
   *
   * @param pack with a manifest; its files have been verified
   * @throws MnemeException if the pack is a plain folder or a file cannot be read or written
   */
  public static void write(MemoryPack pack, Path file) {
    RegularFiles.requirePlace(file);
    Path folder = pack.directory();
    List<String> names = new ArrayList<>(List.of(PackManifest.FILE));
    if (Files.exists(folder.resolve(PackSignature.FILE))) {
      names.add(PackSignature.FILE);
    }
    pack.manifest().files().forEach(entry -> names.add(entry.name()));
    try (UnfinishedFile unfinished = UnfinishedFile.of(file)) {
      try (OutputStream out = Files.newOutputStream(unfinished.path())) {
        var written = new ArrayList<ZipRecords.Entry>();
        for (String name : names) {
          long offset = written.isEmpty() ? 0 : written.getLast().end();
          written.add(append(folder.resolve(name), name, offset, out));
        }
        Channels.newChannel(out).write(ZipRecords.directory(written));
      }
      unfinished.complete();
    } catch (IOException e) {
      throw new MnemeException("cannot write %s: %s".formatted(file, FailureText.of(e)), e);
    }
  }

  private static ZipRecords.Entry append(Path from, String name, long offset, OutputStream out)
      throws IOException {
    var sum = new CRC32();
    try (var in = new CheckedInputStream(Files.newInputStream(from), sum)) {
      long bytes = in.transferTo(OutputStream.nullOutputStream());
      var entry = new ZipRecords.Entry(name, offset, bytes, (int) sum.getValue());
      Channels.newChannel(out).write(ZipRecords.localHeader(entry));
      if (Files.copy(from, out) != bytes) {
        throw new IOException(from + " was changed while it was read");
      }
      return entry;
    }
  }

  /** Walks from entry to entry, then compares all that follows with what must follow. */
  private List<ZipRecords.Entry> readEntries() throws IOException {
    var found = new ArrayList<ZipRecords.Entry>();
    var names = new HashSet<String>();
    long at = 0;
    while (read(at, Integer.BYTES).getInt(0) != ZipRecords.DIRECTORY_SIGNATURE) {
      ZipRecords.Entry entry = readEntry(at);
      if (!names.add(Ascii.toLowerCase(entry.name()))) {
        throw wrong(at, "the entry \"%s\" is there twice".formatted(entry.name()));
      }
      found.add(entry);
      if (found.size() > MOST_ENTRIES) {
        throw wrong(at, "there are more than %d entries".formatted(MOST_ENTRIES));
      }
      at = entry.end();
    }
    if (found.isEmpty() || !found.getFirst().name().equals(PackManifest.FILE)) {
      throw wrong(0, "the first entry is not " + PackManifest.FILE);
    }
    ByteBuffer expected = ZipRecords.directory(found);
    if (channel.size() != at + expected.remaining()
        || !read(at, expected.remaining()).equals(expected)) {
      throw wrong(at, "the directory at the end is not that of the entries before it");
    }
    return found;
  }

  private ZipRecords.Entry readEntry(long at) throws IOException {
    ByteBuffer header = read(at, ZipRecords.LOCAL_HEADER);
    if (header.getInt(0) != ZipRecords.LOCAL_SIGNATURE) {
      throw wrong(at, "no entry begins here");
    }
    int length = Short.toUnsignedInt(header.getShort(ZipRecords.NAME_LENGTH_AT));
    if (length > LONGEST_NAME) {
      throw wrong(at, "the name takes %d bytes".formatted(length));
    }
    ByteBuffer whole = read(at, ZipRecords.LOCAL_HEADER + length + ZipRecords.LOCAL_EXTRA);
    byte[] name = new byte[length];
    whole.get(ZipRecords.LOCAL_HEADER, name);
    long bytes = whole.getLong(whole.limit() - Long.BYTES);
    var entry =
        new ZipRecords.Entry(
            new String(name, StandardCharsets.UTF_8), at, bytes, header.getInt(ZipRecords.CRC_AT));
    if (!PackManifest.isPlainFileName(entry.name())) {
      throw wrong(at, "\"%s\" is no plain file name".formatted(entry.name()));
    }
    if (!whole.equals(ZipRecords.localHeader(entry))) {
      throw wrong(
          at,
          "the entry \"%s\" is not stored as it is, or carries what no pack needs"
              .formatted(entry.name()));
    }
    if (bytes < 0 || bytes > channel.size() - entry.dataOffset()) {
      throw wrong(
          at, "the entry \"%s\" of %d bytes ends behind the file".formatted(entry.name(), bytes));
    }
    return entry;
  }

  private ByteBuffer read(long at, int bytes) throws IOException {
    if (bytes > channel.size() - at) {
      throw wrong(at, "the file ends here");
    }
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, at + buffer.position()) < 0) {
        throw wrong(at, "the file ends here");
      }
    }
    return buffer.flip();
  }

  private byte[] readWhole(ZipRecords.Entry entry, long most) throws IOException {
    if (entry.bytes() > most) {
      throw wrong(
          entry.offset(),
          "%s takes %d bytes, more than %d".formatted(entry.name(), entry.bytes(), most));
    }
    return read(entry.dataOffset(), (int) entry.bytes()).array();
  }

  private MalformedFileException wrong(long at, String what) {
    return new MalformedFileException(
        "%s: byte %d: %s; this is no pack's archive as `mneme pack pack` makes it, or it was damaged: get it again"
            .formatted(file, at, what));
  }

  /** The entries after the manifest and the signature are the manifest's files in its order. */
  private void requireListed() {
    List<ZipRecords.Entry> files = entries.subList(firstFile(), entries.size());
    List<PackManifest.Entry> listed = manifest.files();
    Set<String> names = new HashSet<>();
    for (int i = 0; i < files.size(); i++) {
      ZipRecords.Entry there = files.get(i);
      names.add(there.name());
      if (i >= listed.size()
          || !listed.get(i).name().equals(there.name())
          || listed.get(i).bytes() != there.bytes()) {
        throw wrong(
            there.offset(),
            "\"%s\" of %d bytes is not what %s lists in its place"
                .formatted(there.name(), there.bytes(), PackManifest.FILE));
      }
    }
    for (PackManifest.Entry entry : listed) {
      if (!names.contains(entry.name())) {
        throw wrong(0, "\"%s\" is listed but absent".formatted(entry.name()));
      }
    }
  }

  private int firstFile() {
    return entries.size() > 1 && entries.get(1).name().equals(PackSignature.FILE) ? 2 : 1;
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
    if (firstFile() == 1) {
      return Optional.empty();
    }
    try {
      return Optional.of(readWhole(entries.get(1), LARGEST_SIGNATURE));
    } catch (IOException e) {
      throw new MnemeException("cannot read %s: %s".formatted(file, FailureText.of(e)), e);
    }
  }

  @Override
  public InputStream open(PackManifest.Entry wanted) throws IOException {
    for (ZipRecords.Entry entry : entries) {
      if (entry.name().equals(wanted.name())) {
        return new EntryStream(channel, entry);
      }
    }
    throw new IOException("%s has no entry %s".formatted(file, wanted.name()));
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new MnemeException("cannot close %s: %s".formatted(file, FailureText.of(e)), e);
    }
  }

  /** The bytes of one entry. */
  private static final class EntryStream extends InputStream {

    private final FileChannel channel;
    private final long end;
    private long at;

    EntryStream(FileChannel channel, ZipRecords.Entry entry) {
      this.channel = channel;
      at = entry.dataOffset();
      end = entry.end();
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int wanted = (int) Math.min(length, end - at);
      if (wanted == 0) {
        return length == 0 ? 0 : -1;
      }
      int count = channel.read(ByteBuffer.wrap(into, offset, wanted), at);
      if (count < 0) {
        throw new IOException("the file was cut short while it was read");
      }
      at += count;
      return count;
    }
  }
}

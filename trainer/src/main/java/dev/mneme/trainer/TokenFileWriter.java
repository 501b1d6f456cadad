package dev.mneme.trainer;

import com.google.common.base.Preconditions;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.trainer.files.ExclusiveFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * Writes a {@link TokenFile} so that a process killed at any moment leaves either no file under its
 * name or a whole one, and the next writer goes on where this one stopped. Used by one thread and
 * closed by it; closing without {@link #finish} keeps what was written for the next writer.
 *
 * <p>Ids go to {@code NAME.partial}, documents' ends to {@code NAME.partial.ends}, in groups of
 * some megabytes: first the ids are forced to the disk, then the ends. So what the ends tell is
 * there, and ids behind the last end are cut off when writing goes on.
 */
final class TokenFileWriter implements AutoCloseable {
  private static final int GROUP_BYTES = 4 << 20;

  private final Path file;
  private final TokenFileHeader header;
  private final FileChannel ids;
  private final FileChannel ends;
  private ByteBuffer idGroup = littleEndian(GROUP_BYTES);
  private ByteBuffer endGroup = littleEndian(1 << 16);
  private long size;
  private long documents;

  /** False while a group is half written, and for good once writing it has failed. */
  private boolean whole = true;

  private TokenFileWriter(Path file, TokenFileHeader header, FileChannel ids, FileChannel ends) {
    this.file = file;
    this.header = header;
    this.ids = ids;
    this.ends = ends;
  }

  /**
   * Begins a file, or goes on with one that was begun from the same origin by the same tokenizer.
   *
   * @param header of the empty file
   * @throws MnemeException if another process is writing it, or it cannot be written
   */
  static TokenFileWriter open(Path file, TokenFileHeader header) {
    Path partial = partial(file);
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      FileChannel ids = openForUpdate(partial);
      FileChannel ends;
      try {
        ExclusiveFile.lock(ids, partial);
        ends = openForUpdate(partialEnds(file));
      } catch (IOException | RuntimeException e) {
        ids.close();
        throw e;
      }
      var writer = new TokenFileWriter(file, header, ids, ends);
      try {
        writer.recover();
        return writer;
      } catch (IOException | RuntimeException e) {
        writer.close();
        throw e;
      }
    } catch (IOException e) {
      throw failure(file, e);
    }
  }

  /** Documents that are written, by this writer or those before it. */
  long documents() {
    return documents;
  }

  /** Ids that are written, by this writer or those before it. */
  long size() {
    return size;
  }

  /**
   * Appends one document.
   *
   * @param document at least one id, all in the vocabulary
   */
  void add(int[] document) {
    Preconditions.checkArgument(document.length > 0, "a document without ids");
    int bytes = Math.multiplyExact(document.length, header.idBytes());
    if (idGroup.remaining() < bytes || endGroup.remaining() < Long.BYTES) {
      flush();
      idGroup = idGroup.capacity() < bytes ? littleEndian(bytes) : idGroup;
    }
    for (int id : document) {
      Preconditions.checkElementIndex(id, header.vocabulary(), "id");
      if (header.idBytes() == 2) {
        idGroup.putShort((short) id);
      } else {
        idGroup.putInt(id);
      }
    }
    size += document.length;
    documents++;
    endGroup.putLong(size);
  }

  /** Makes the file appear under its name, whole. */
  void finish() {
    flush();
    try {
      TokenFileHeader full = header.holding(size, documents);
      ids.position(TokenFileHeader.BYTES + size * header.idBytes());
      writeAll(ids, ByteBuffer.allocate((int) (full.endsOffset() - ids.position())));
      for (long at = 0; at < ends.size(); ) {
        at += ends.transferTo(at, ends.size() - at, ids);
      }
      ids.position(0);
      writeAll(ids, full.toBytes());
      ids.force(true);
      Files.move(partial(file), file, StandardCopyOption.ATOMIC_MOVE);
      ends.close();
      Files.deleteIfExists(partialEnds(file));
    } catch (IOException e) {
      throw failure(file, e);
    }
  }

  @Override
  public void close() {
    try (ids;
        ends) {
      if (whole && ends.isOpen()) {
        flush();
      }
    } catch (IOException e) {
      throw failure(file, e);
    }
  }

  /** Finds the last document that is there whole, or begins anew. */
  private void recover() throws IOException {
    long wholeEnds = ends.size() / Long.BYTES;
    if (!isBegunFromTheSame()) {
      wholeEnds = 0;
      // Before the header: ends must never stand beside a header they do not belong to.
      ends.truncate(0);
      ends.force(true);
      ids.truncate(0);
      ids.position(0);
      writeAll(ids, header.toBytes());
      ids.force(true);
    }
    documents = wholeEnds;
    size = 0;
    if (wholeEnds > 0) {
      ByteBuffer last = littleEndian(Long.BYTES);
      ends.read(last, (wholeEnds - 1) * Long.BYTES);
      size = last.flip().getLong();
    }
    long idsEnd = TokenFileHeader.BYTES + size * header.idBytes();
    if (size < documents || ids.size() < idsEnd) {
      throw new MalformedFileException(
          "%s is damaged: it has %d bytes, but %d documents end at %d; delete it to begin anew"
              .formatted(partial(file), ids.size(), documents, idsEnd));
    }
    ends.truncate(wholeEnds * Long.BYTES).position(wholeEnds * Long.BYTES);
    ids.truncate(idsEnd).position(idsEnd);
  }

  private boolean isBegunFromTheSame() throws IOException {
    ByteBuffer found = ByteBuffer.allocate(TokenFileHeader.BYTES);
    ids.read(found, 0);
    // Counts stay 0 until finish writes them; killed behind that, only the name was missing.
    byte[] mine = header.toBytes().array();
    Arrays.fill(found.array(), 16, 32, (byte) 0);
    return Arrays.equals(found.array(), mine);
  }

  private void flush() {
    whole = false;
    try {
      writeAll(ids, idGroup.flip());
      ids.force(false);
      writeAll(ends, endGroup.flip());
      ends.force(false);
      idGroup.clear();
      endGroup.clear();
      whole = true;
    } catch (IOException e) {
      throw failure(file, e);
    }
  }

  private static FileChannel openForUpdate(Path file) throws IOException {
    return FileChannel.open(
        file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static Path partial(Path file) {
    return file.resolveSibling(file.getFileName() + ".partial");
  }

  private static Path partialEnds(Path file) {
    return file.resolveSibling(file.getFileName() + ".partial.ends");
  }

  private static MnemeException failure(Path file, IOException e) {
    return new MnemeException(
        "cannot write the token file %s: %s; what was written is kept: make room or mend the cause and start again"
            .formatted(file, e),
        e);
  }
}

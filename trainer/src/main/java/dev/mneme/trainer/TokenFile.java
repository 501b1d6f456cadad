package dev.mneme.trainer;

import com.google.common.base.Preconditions;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The token ids of a corpus, mapped from disk: all documents one behind the other, each beginning
 * with the begin-of-text id. May be larger than memory. Safe for several threads until it is
 * closed; whoever opens it closes it.
 *
 * <p>The file: {@link TokenFileHeader}; the ids; zeros up to a multiple of 8; for each document
 * where it ends, as the number of ids before that place (u64). It is there whole or not at all:
 * {@link TokenFileWriter} makes it under another name.
 */
public final class TokenFile implements AutoCloseable {
  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong I64 =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path file;
  private final TokenFileHeader header;
  private final Arena arena;
  private final MemorySegment ids;
  private final MemorySegment ends;

  private TokenFile(Path file, TokenFileHeader header, Arena arena, MemorySegment all) {
    this.file = file;
    this.header = header;
    this.arena = arena;
    this.ids = all.asSlice(TokenFileHeader.BYTES, header.ids() * header.idBytes());
    this.ends = all.asSlice(header.endsOffset(), header.documents() * Long.BYTES);
    long before = 0;
    for (int i = 0; i < documents(); i++) {
      if (end(i) <= before) {
        throw new MalformedFileException(
            "%s: document %d ends at id %d, not behind its start at %d"
                .formatted(file, i, end(i), before));
      }
      before = end(i);
    }
    if (before != header.ids()) {
      throw new MalformedFileException(
          "%s: the documents end at id %d, but there are %d ids"
              .formatted(file, before, header.ids()));
    }
  }

  /**
   * Maps a token file. Header and documents' ends are checked, the ids themselves are not read.
   *
   * @throws MalformedFileException if it breaks its format
   * @throws MnemeException if it cannot be read
   */
  public static TokenFile open(Path file) {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer start = ByteBuffer.allocate(TokenFileHeader.BYTES);
      while (start.hasRemaining() && channel.read(start) >= 0) {}
      TokenFileHeader header = TokenFileHeader.read(file, start.flip(), channel.size());
      if (header.documents() > Integer.MAX_VALUE || header.fileBytes() != channel.size()) {
        throw new MalformedFileException(
            "%s: %d ids in %d documents take %d bytes, found %d; tokenize again"
                .formatted(
                    file, header.ids(), header.documents(), header.fileBytes(), channel.size()));
      }
      MemorySegment all = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      return new TokenFile(file, header, arena, all);
    } catch (NoSuchFileException e) {
      arena.close();
      throw new MnemeException("no such token file: %s; tokenize first".formatted(file), e);
    } catch (IOException e) {
      arena.close();
      throw new MnemeException("cannot read the token file %s: %s".formatted(file, e), e);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  public Path file() {
    return file;
  }

  /** Ids in all documents, their begin-of-text ids included. */
  public long size() {
    return header.ids();
  }

  public int documents() {
    return (int) header.documents();
  }

  /** Every id is below. */
  public int vocabulary() {
    return header.vocabulary();
  }

  /** SHA-256 of the {@code tokenizer.json} whose ids these are, in hexadecimal. */
  public String tokenizerDigest() {
    return header.tokenizer();
  }

  /** {@link StageManifest#digest} of what the ids were made from. */
  public String origin() {
    return header.origin();
  }

  /** Where a document, counted from 0, begins; its begin-of-text id stands there. */
  public long start(int document) {
    return document == 0 ? 0 : end(document - 1);
  }

  /** Where a document ends: the index behind its last id. */
  public long end(int document) {
    Preconditions.checkElementIndex(document, documents(), "document");
    return ends.getAtIndex(I64, document);
  }

  /** The id at an index below {@link #size}. */
  public int get(long index) {
    return header.idBytes() == 2
        ? Short.toUnsignedInt(ids.getAtIndex(U16, index))
        : ids.getAtIndex(I32, index);
  }

  /** Copies the ids from an index on until the array is full. */
  public void copy(long from, int[] into) {
    if (header.idBytes() == 4) {
      MemorySegment.copy(ids, I32, from * Integer.BYTES, into, 0, into.length);
      return;
    }
    for (int i = 0; i < into.length; i++) {
      into[i] = Short.toUnsignedInt(ids.getAtIndex(U16, from + i));
    }
  }

  /** The ids of a document. */
  public int[] document(int document) {
    long start = start(document);
    int[] copy = new int[Math.toIntExact(end(document) - start)];
    copy(start, copy);
    return copy;
  }

  @Override
  public void close() {
    arena.close();
  }
}

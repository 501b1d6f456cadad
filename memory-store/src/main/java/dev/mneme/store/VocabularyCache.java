package dev.mneme.store;

import com.google.common.hash.Hashing;
import dev.mneme.FailureText;
import dev.mneme.PackIntegrityException;
import dev.mneme.Vocabulary;
import dev.mneme.Vocabulary.Kind;
import dev.mneme.Vocabulary.Merges;
import dev.mneme.store.PackManifest.Entry;
import dev.mneme.store.files.UnfinishedFile;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Vocabularies of packs that were opened before, by the packs' digests: a {@code tokenizer.json} of
 * 150,000 entries takes half a second to read and check, this a few milliseconds.
 *
 * <p>Files in a cache folder, which anyone may delete at any time; one that is damaged is not used.
 * Safe for several threads and processes. A file holds, in big-endian order, the number of entries,
 * the id that begins a sequence (-1: none), whether texts begin with it (a byte), the number of ids
 * that end one and these, for each entry its kind (a byte), for each its length, then all entries'
 * bytes, the number of merges and their digest (0 and nothing: there are none), and the SHA-256 of
 * all before.
 */
final class VocabularyCache {
  private static final Logger log = LoggerFactory.getLogger(VocabularyCache.class);

  /** Counts changes of the file, and of what is made of a tokenizer. */
  private static final int VERSION = 3;

  private static final int DIGEST_BYTES = 32;

  /** By the byte that stands for each in a file. */
  private static final List<Kind> KINDS = List.of(Kind.TEXT, Kind.CONTROL, Kind.UNUSED, Kind.ADDED);

  private final Path folder;

  VocabularyCache(Path folder) {
    this.folder = folder;
  }

  /** In the cache of {@link MnemeHome}. */
  static VocabularyCache standard() {
    return new VocabularyCache(CacheFolder.standard().resolve("vocabularies"));
  }

  private Path file(String packDigest) {
    String hex = packDigest.substring("sha256:".length());
    return folder.resolve("%s-v%d".formatted(hex, VERSION));
  }

  /** The vocabulary of a pack, if it is here. */
  Optional<Vocabulary> find(String packDigest) {
    Path file = file(packDigest);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      byte[] bytes = Files.readAllBytes(file);
      int end = bytes.length - DIGEST_BYTES;
      if (end > 0
          && Arrays.equals(
              Hashing.sha256().hashBytes(bytes, 0, end).asBytes(),
              Arrays.copyOfRange(bytes, end, bytes.length))) {
        return Optional.of(parse(ByteBuffer.wrap(bytes, 0, end)));
      }
      log.warn("the cached {} is damaged and will be made again", file);
    } catch (IOException | RuntimeException e) { // whatever the numbers in it lead to
      log.warn("the cached {} cannot be read and will be made again: {}", file, FailureText.of(e));
    }
    return Optional.empty();
  }

  private static Vocabulary parse(ByteBuffer in) {
    int size = in.getInt();
    if (size < 0 || size > in.remaining() / (1 + Integer.BYTES)) { // a kind and a length each
      throw new BufferUnderflowException();
    }
    Vocabulary.Builder vocabulary = Vocabulary.builder();
    int bos = in.getInt();
    if (bos >= 0) {
      vocabulary.bos(bos);
    }
    vocabulary.beginsWithBos(in.get() != 0);
    for (int ends = in.getInt(); ends > 0; ends--) {
      vocabulary.end(in.getInt());
    }
    byte[] kinds = new byte[size];
    in.get(kinds);
    int[] lengths = new int[size];
    in.asIntBuffer().get(lengths);
    in.position(in.position() + size * Integer.BYTES);
    for (int id = 0; id < size; id++) {
      byte[] entry = new byte[Math.min(lengths[id], in.remaining() + 1)];
      in.get(entry);
      vocabulary.add(entry, KINDS.get(kinds[id]));
    }
    int merges = in.getInt();
    if (merges > 0) {
      byte[] digest = new byte[DIGEST_BYTES];
      in.get(digest);
      vocabulary.merges(new Merges(merges, HexFormat.of().formatHex(digest)));
    }
    return vocabulary.build();
  }

  /**
   * Keeps a pack's vocabulary, if the folder can be written. It is read again, from a private copy
   * with the digests that the pack lists: what is kept never belongs to files that were changed
   * after they were verified.
   *
   * @param small the pack's files that a vocabulary is read from
   * @param read reads it from the copy
   * @throws PackIntegrityException if a file is not the listed one any more
   */
  void put(String packDigest, Path pack, List<Entry> small, Function<Path, Vocabulary> read) {
    Vocabulary vocabulary;
    try {
      Path copy = CacheFolder.temporary(folder);
      try {
        VerifiedCopy.of(pack, small, copy);
        vocabulary = read.apply(copy);
      } finally {
        CacheFolder.delete(copy);
      }
    } catch (IOException e) {
      log.debug("a vocabulary cannot be kept in {}", folder, e);
      return;
    }
    put(packDigest, vocabulary);
  }

  /** Keeps a vocabulary that was read from verified bytes, if the folder can be written. */
  void put(String packDigest, Vocabulary vocabulary) {
    byte[] content = write(vocabulary);
    try {
      Files.createDirectories(folder);
      CacheFolder.removeUnfinished(folder);
      try (UnfinishedFile unfinished = UnfinishedFile.of(file(packDigest))) {
        try (var out = Files.newOutputStream(unfinished.path())) {
          out.write(content);
          out.write(Hashing.sha256().hashBytes(content).asBytes());
        }
        unfinished.complete();
      }
    } catch (IOException e) {
      log.debug("a vocabulary cannot be kept in {}", folder, e);
    }
  }

  @SuppressWarnings("EnumOrdinal") // VERSION changes when the order does
  private static byte[] write(Vocabulary vocabulary) {
    var bytes = new ByteArrayOutputStream();
    var entries = new ByteArrayOutputStream();
    try (var out = new DataOutputStream(bytes)) {
      int size = vocabulary.size();
      out.writeInt(size);
      out.writeInt(vocabulary.bos().orElse(-1));
      out.writeBoolean(vocabulary.beginsWithBos());
      out.writeInt(vocabulary.endIds().size());
      for (int id : vocabulary.endIds()) {
        out.writeInt(id);
      }
      for (int id = 0; id < size; id++) {
        out.writeByte(KINDS.indexOf(vocabulary.kind(id)));
      }
      for (int id = 0; id < size; id++) {
        byte[] entry = vocabulary.bytes(id);
        out.writeInt(entry.length);
        entries.writeBytes(entry);
      }
      entries.writeTo(out);
      Optional<Merges> merges = vocabulary.merges();
      out.writeInt(merges.map(Merges::count).orElse(0));
      if (merges.isPresent()) {
        out.write(HexFormat.of().parseHex(merges.get().sha256()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("an array cannot fail", e);
    }
    return bytes.toByteArray();
  }
}

package dev.mneme.trainer.text;

import com.google.common.base.Preconditions;
import com.google.common.hash.Hashing;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.files.RegularFiles;
import dev.mneme.store.gguf.ByteLevelAlphabet;
import dev.mneme.store.json.JsonValue;
import dev.mneme.trainer.files.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A byte-level BPE tokenizer cut by GPT-2's pattern: what each id spells and which ids join.
 * Immutable. {@link BpeTrainer} learns one, {@link #write} makes it a {@code tokenizer.json} that
 * the Hugging Face tokenizers library and, through GGUF, llama.cpp read alike, and {@link
 * BpeEncoder} tokenizes with it.
 */
public final class BpeTokenizer {

  /** Begins every document and ends every generation. */
  public static final String BEGIN = "<|endoftext|>";

  private static final long MOST_BYTES = 128L << 20;

  /** Two ids that join to a third; earlier merges go first. */
  record Merge(int left, int right, int joined) {}

  private final List<String> entries;
  private final List<Merge> merges;
  private final int beginId;
  private final String digest;

  /**
   * @param entries what each id spells, in GPT-2's alphabet of bytes; only the begin-of-text id
   *     stands for itself
   */
  BpeTokenizer(List<String> entries, List<Merge> merges, int beginId) {
    this.entries = List.copyOf(entries);
    this.merges = List.copyOf(merges);
    this.beginId = beginId;
    this.digest = sha256(BpeTokenizerJson.bytes(this));
  }

  BpeTokenizer(List<String> entries, List<Merge> merges, int beginId, byte[] file) {
    this.entries = List.copyOf(entries);
    this.merges = List.copyOf(merges);
    this.beginId = beginId;
    this.digest = sha256(file);
  }

  /**
   * Reads a {@code tokenizer.json}.
   *
   * @throws MalformedFileException if it breaks its format
   * @throws MnemeException if it is missing or a tokenizer of another kind
   */
  public static BpeTokenizer read(Path file) {
    byte[] bytes = RegularFiles.read(file, MOST_BYTES);
    return BpeTokenizerJson.read(JsonValue.parse(file.toString(), bytes), bytes);
  }

  /**
   * Writes {@code tokenizer.json} and {@code tokenizer_config.json} into a folder, made if absent.
   * Each file appears whole or not at all.
   */
  public void write(Path directory) {
    try {
      Files.createDirectories(directory);
      AtomicFile.write(directory.resolve("tokenizer.json"), BpeTokenizerJson.bytes(this));
      AtomicFile.write(directory.resolve("tokenizer_config.json"), BpeTokenizerJson.settings());
    } catch (IOException e) {
      throw new MnemeException("cannot write a tokenizer into %s: %s".formatted(directory, e), e);
    }
  }

  /** How many ids there are. */
  public int size() {
    return entries.size();
  }

  /** The id that begins every document. */
  public int beginId() {
    return beginId;
  }

  /** SHA-256 of {@code tokenizer.json}, in hexadecimal. */
  public String digest() {
    return digest;
  }

  /** The bytes an id spells; none for the begin-of-text id. */
  public byte[] spell(int id) {
    Preconditions.checkElementIndex(id, entries.size(), "id");
    return id == beginId ? new byte[0] : ByteLevelAlphabet.toBytes(entries.get(id));
  }

  List<String> entries() {
    return entries;
  }

  List<Merge> merges() {
    return merges;
  }

  private static String sha256(byte[] bytes) {
    return Hashing.sha256().hashBytes(bytes).toString();
  }
}

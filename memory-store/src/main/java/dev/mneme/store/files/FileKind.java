package dev.mneme.store.files;

import dev.mneme.FailureText;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * What a file is, told by its first bytes and, where these say nothing, by its name. Meant for
 * messages: it recognises the files that people give as a model by mistake.
 */
public enum FileKind {
  GGUF("is a GGUF file, a whole model in one file", "give it as the host"),
  SAFETENSORS(
      "is a SafeTensors file, the weights alone",
      "give the folder that holds it together with config.json and tokenizer.json"),
  /** {@code NAME.safetensors.index.json}. */
  SHARD_INDEX(
      "is the list of a model's weight files", "give the folder that holds it and these files"),
  /** {@code config.json}, {@code tokenizer.json} and their like. */
  JSON("is a JSON file, a part of a model at most", "give the folder that holds it"),
  EMPTY("is empty", "download or copy it again"),
  GIT_LFS_POINTER(
      "is a Git LFS pointer, which stands for the file and does not hold it",
      "run `git lfs pull` in its repository, or download the file itself"),
  WEB_PAGE(
      "is a page from a web site, not the file that was asked for",
      "download it again (on huggingface.co by an address with /resolve/, not /blob/, and with a"
          + " token where the model asks for one)"),
  OLD_GGML(
      "is a GGML file from before August 2023, which llama.cpp reads no more",
      "get the model as GGUF, or as a Hugging Face folder and run `mneme convert`"),
  PICKLE(
      "holds weights as a Python pickle, which can run any code when opened",
      "load the model in Python where it came from, save it with"
          + " model.save_pretrained(dir, safe_serialization=True), and give that folder"),
  ONNX("is an ONNX network, which no engine here runs", "get the model as GGUF or SafeTensors"),
  HDF5("holds TensorFlow or Keras weights (HDF5)", "get the model as GGUF or SafeTensors"),
  /** {@code NAME.mpack}. */
  PACK("is a memory pack in one file", "install it with `mneme pack pull` and use its name"),
  ARCHIVE("is an archive", "unpack it first and give what was in it"),
  UNKNOWN(
      "is neither a GGUF file nor another file of a model",
      "give a .gguf file or a Hugging Face folder");

  private static final int FRONT_BYTES = 512;
  private static final int TAR_MAGIC_AT = 257;
  private static final String POINTER = "version https://git-lfs.github.com/spec/";
  private static final String OLD_POINTER = "version https://hawser.github.com/spec/";

  /** A SafeTensors header begins with its length, which is below this. */
  private static final int LARGEST_HEADER_BYTES = 100_000_000;

  private final String meaning;
  private final String remedy;

  FileKind(String meaning, String remedy) {
    this.meaning = meaning;
    this.remedy = remedy;
  }

  /** What it is, as the end of a sentence that begins with the file's path. */
  public String meaning() {
    return meaning;
  }

  /** {@link #meaning} and what to do where a whole model was to be named. */
  public String advice() {
    return meaning + "; " + remedy;
  }

  /**
   * The kind of a regular file.
   *
   * @throws MnemeException if it cannot be read
   */
  public static FileKind of(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return of(String.valueOf(file.getFileName()), in.readNBytes(FRONT_BYTES));
    } catch (IOException e) {
      throw new MnemeException("cannot read %s: %s".formatted(file, FailureText.of(e)), e);
    }
  }

  /**
   * The kind of a file's content.
   *
   * @param name the file's name
   * @param content the file, or its first 512 bytes
   */
  static FileKind of(String name, byte[] content) {
    if (content.length == 0) {
      return EMPTY;
    }
    String front = front(content);
    if (isPointer(front)) {
      return GIT_LFS_POINTER;
    }
    if (name.endsWith(".mpack") && front.startsWith("PK")) {
      return PACK;
    }
    return ofMagic(front)
        .or(() -> ofText(name, front))
        .orElseGet(() -> ofName(name.toLowerCase(Locale.ROOT)));
  }

  /**
   * Refuses what is recognised as something else than text in a file that should hold JSON.
   *
   * @throws MalformedFileException saying what it is
   */
  public static void requireText(Path file, byte[] content) {
    FileKind kind = of(String.valueOf(file.getFileName()), content);
    if (kind != JSON && kind != SHARD_INDEX && kind != UNKNOWN && kind != EMPTY) {
      throw unlike(file, kind, "JSON");
    }
  }

  /**
   * Refuses what is recognised as something else than SafeTensors in a file that should hold it.
   *
   * @throws MalformedFileException saying what it is
   * @throws MnemeException if it cannot be read
   */
  public static void requireSafeTensors(Path file) {
    FileKind kind = of(file);
    if (kind != SAFETENSORS && kind != UNKNOWN && kind != EMPTY) {
      throw unlike(file, kind, "SafeTensors");
    }
  }

  private static MalformedFileException unlike(Path file, FileKind kind, String expected) {
    return new MalformedFileException(
        "%s %s, expected %s; %s"
            .formatted(
                file,
                kind.meaning,
                expected,
                kind == WEB_PAGE ? kind.remedy : "get the right file under this name"));
  }

  /**
   * Whether a Git LFS pointer stands in place of a file. It is small, so larger files are not
   * looked into.
   *
   * @throws MnemeException if the file cannot be read
   */
  public static boolean isPointer(Path file) {
    try {
      return Files.size(file) <= FRONT_BYTES && of(file) == GIT_LFS_POINTER;
    } catch (IOException e) {
      throw new MnemeException("cannot read %s: %s".formatted(file, FailureText.of(e)), e);
    }
  }

  private static String front(byte[] content) {
    return new String(
        content, 0, Math.min(content.length, FRONT_BYTES), StandardCharsets.ISO_8859_1);
  }

  private static boolean isPointer(String front) {
    return front.startsWith(POINTER) || front.startsWith(OLD_POINTER);
  }

  private static Optional<FileKind> ofMagic(String front) {
    if (front.startsWith("GGUF")) {
      return Optional.of(GGUF);
    }
    if (isSafeTensors(front)) {
      return Optional.of(SAFETENSORS);
    }
    // "ggml", "ggmf", "ggjt" and "ggla" as little-endian numbers
    if (front.matches("(?s)(lmgg|fmgg|tjgg|algg).*")) {
      return Optional.of(OLD_GGML);
    }
    if (front.matches("(?s)\u0080[\u0002-\u0005].*")) {
      return Optional.of(PICKLE);
    }
    if (front.startsWith("\u0089HDF\r\n")) {
      return Optional.of(HDF5);
    }
    if (front.startsWith("PK\u0003\u0004")) { // PyTorch's own files are zip files around a pickle
      return Optional.of(front.contains("data.pkl") ? PICKLE : ARCHIVE);
    }
    boolean packed =
        front.startsWith("\u001f\u008b") // gzip
            || front.startsWith("BZh")
            || front.startsWith("7z\u00bc\u00af")
            || front.startsWith("Rar!")
            || front.startsWith("\u00fd7zXZ")
            || front.startsWith("(\u00b5/\u00fd") // zstd
            || front.startsWith("ustar", TAR_MAGIC_AT);
    return packed ? Optional.of(ARCHIVE) : Optional.empty();
  }

  private static boolean isSafeTensors(String front) {
    if (front.length() <= Long.BYTES || "{ \t\r\n".indexOf(front.charAt(Long.BYTES)) < 0) {
      return false;
    }
    long length = 0;
    for (int i = Long.BYTES - 1; i >= 0; i--) {
      length = length << Byte.SIZE | front.charAt(i);
    }
    return length > 0 && length <= LARGEST_HEADER_BYTES;
  }

  private static Optional<FileKind> ofText(String name, String front) {
    if (front.indexOf('\0') >= 0) {
      return Optional.empty();
    }
    String text = front.strip().toLowerCase(Locale.ROOT);
    if (text.startsWith("<!doctype html") || text.startsWith("<html") || text.startsWith("<?xml")) {
      return Optional.of(WEB_PAGE);
    }
    if (text.startsWith("{") || text.startsWith("\u00ef\u00bb\u00bf{")) {
      return Optional.of(name.endsWith(".index.json") ? SHARD_INDEX : JSON);
    }
    return Optional.empty();
  }

  private static FileKind ofName(String name) {
    if (name.endsWith(".onnx")) {
      return ONNX;
    }
    if (name.endsWith(".safetensors")) {
      return SAFETENSORS;
    }
    return name.matches(".*\\.(bin|pt|pth|ckpt|pkl|pickle)") ? PICKLE : UNKNOWN;
  }
}

package dev.mneme.store;

import com.google.common.base.Ascii;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.store.PackManifest.Entry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Which files of a folder make up a model, and their digests. */
final class PackFiles {

  /** What an importer takes along besides weights; the first two must be there. */
  private static final Set<String> CARRIED =
      Set.of(
          "config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "generation_config.json",
          "special_tokens_map.json",
          "model.safetensors",
          "model.safetensors.index.json");

  private static final Pattern SHARD = Pattern.compile("model-\\d+-of-\\d+\\.safetensors");
  private static final Pattern LEGAL =
      Pattern.compile("(LICEN[CS]E|NOTICE)([.-][A-Za-z0-9.-]+)?|README\\.md");

  /** Endings of files that a loader might take for part of the model. */
  private static final List<String> MODEL_ENDINGS =
      List.of(".safetensors", ".json", ".gguf", ".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle");

  private static final int BUFFER_BYTES = 1 << 20;

  private PackFiles() {}

  /** The files of a model folder that belong in a pack, by name. */
  static List<String> carried(Path directory) {
    return list(directory).stream()
        .filter(
            name ->
                CARRIED.contains(name)
                    || SHARD.matcher(name).matches()
                    || LEGAL.matcher(name).matches())
        .toList();
  }

  /** The files of a pack that are not in its manifest but could be taken for part of the model. */
  static List<String> unlisted(Path directory, PackManifest manifest) {
    Set<String> listed = Set.copyOf(manifest.files().stream().map(Entry::name).toList());
    return list(directory).stream()
        .filter(name -> !name.equals(PackManifest.FILE) && !listed.contains(name))
        .filter(name -> MODEL_ENDINGS.stream().anyMatch(Ascii.toLowerCase(name)::endsWith))
        .toList();
  }

  /** Size and digest of a file, read to its end. */
  static Entry describe(Path file) {
    return copy(file, OutputStream.nullOutputStream());
  }

  /** Copies a file and gives size and digest of the bytes copied. */
  static Entry copy(Path file, OutputStream out) {
    try (InputStream in = Files.newInputStream(file)) {
      return copy(String.valueOf(file.getFileName()), in, out);
    } catch (IOException e) {
      throw new MnemeException("cannot copy or read %s: %s".formatted(file, FailureText.of(e)), e);
    }
  }

  /** Copies to the end of a stream and gives size and digest of the bytes copied. */
  static Entry copy(String name, InputStream from, OutputStream out) throws IOException {
    MessageDigest digest = sha256();
    var in = new DigestInputStream(from, digest);
    var buffer = new byte[BUFFER_BYTES];
    long size = 0;
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      out.write(buffer, 0, count);
      size += count;
    }
    return new Entry(name, size, HexFormat.of().formatHex(digest.digest()));
  }

  static String sha256(byte[] bytes) {
    return HexFormat.of().formatHex(sha256().digest(bytes));
  }

  /** The digest of a folder without a manifest: over names, sizes and digests of its files. */
  static String sha256(List<Entry> files) {
    MessageDigest digest = sha256();
    for (Entry file : files) {
      digest.update(
          String.format(Locale.ROOT, "%s  %d  %s\n", file.sha256(), file.bytes(), file.name())
              .getBytes(StandardCharsets.UTF_8));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static List<String> list(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(entry -> String.valueOf(entry.getFileName())).sorted().toList();
    } catch (IOException e) {
      throw new MnemeException(
          "cannot list the folder %s: %s".formatted(directory, FailureText.of(e)), e);
    }
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}

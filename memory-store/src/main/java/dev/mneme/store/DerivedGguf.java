package dev.mneme.store;

import com.google.common.base.Ascii;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.store.PackKind.MemoryDecoder;
import dev.mneme.store.PackKind.MlpMemory;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.hf.MlpGgufConverter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The GGUF form of a model, which an engine runs: made once and kept in a cache folder, where
 * anyone may delete it at any time.
 *
 * <p>A file's name or folder holds the model's digest, so a file never goes stale; beside it lies
 * its own SHA-256, so a damaged one is found before it is used, and made again. Several processes
 * may ask at once: each makes its own and moves it into place whole. It is made of a private copy
 * whose digests were taken while it was copied, so the name and the content always belong together.
 */
public final class DerivedGguf {
  private static final Logger log = LoggerFactory.getLogger(DerivedGguf.class);

  private DerivedGguf() {}

  /** {@code cache/gguf} in the folder that MNEME_HOME names, or else in {@code ~/.mneme}. */
  public static Path defaultCache() {
    return CacheFolder.standard().resolve("gguf");
  }

  /**
   * The GGUF of a pack, made now if the cache does not have it: llama.cpp's form of a Memory
   * Decoder, of an MLP Memory the one that {@link dev.mneme.store.hf.MlpGgufNames} describes.
   *
   * @param cache a folder, created if absent
   * @throws MnemeException if the weights cannot be converted or the cache cannot be written
   */
  public static Path of(MemoryPack pack, WeightType type, Path cache) {
    String name = "%s-%s".formatted(hex(pack.digest()), Ascii.toLowerCase(type.name()));
    return switch (pack.kind()) {
      case MemoryDecoder() ->
          of(
              cache,
              "%s-v%d.gguf".formatted(name, GgufConverter.VERSION),
              made -> GgufConverter.convertMemory(verified(pack, made), made, type));
      case MlpMemory(_) ->
          of(
              cache,
              "%s-mlp-v%d.gguf".formatted(name, MlpGgufConverter.VERSION),
              made -> MlpGgufConverter.convert(verified(pack, made), made, type));
    };
  }

  /** A copy of a pack's files beside the file to be made, which goes with its folder. */
  private static Path verified(MemoryPack pack, Path made) {
    try {
      Path name = pack.directory().toAbsolutePath().normalize().getFileName();
      Path copy =
          Files.createDirectories(
              made.resolveSibling("files").resolve(name == null ? "pack" : name.toString()));
      VerifiedCopy.of(pack.directory(), pack.manifest().files(), copy);
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The GGUF of a host, in a folder of its own so that the file can bear the host's name.
   *
   * @param conversion writes the file; called only if the cache does not have it
   */
  static Path ofHost(String digest, String name, Path cache, Consumer<Path> conversion) {
    Path folder = cache.resolve("%s-host-v%d".formatted(hex(digest), GgufConverter.VERSION));
    return of(folder, name + ".gguf", conversion);
  }

  private static String hex(String digest) {
    return digest.substring("sha256:".length());
  }

  private static Path of(Path folder, String name, Consumer<Path> conversion) {
    Path file = folder.resolve(name);
    try {
      if (isWhole(file)) {
        return file;
      }
      if (Files.exists(file)) {
        log.warn("the cached {} is damaged and will be made again", file);
      }
      Path temporary = CacheFolder.temporary(folder);
      try {
        Path made = temporary.resolve(name);
        conversion.accept(made);
        Path sum = Files.writeString(sumOf(made), PackFiles.describe(made).sha256());
        Files.move(sum, sumOf(file), StandardCopyOption.ATOMIC_MOVE);
        // Another process may have been faster; its file has the same content and may be in use.
        if (!isWhole(file)) {
          Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
        }
      } finally {
        CacheFolder.delete(temporary);
      }
      return file;
    } catch (IOException | UncheckedIOException e) {
      throw new MnemeException(
          "cannot keep a GGUF file in %s: %s; set MNEME_HOME to a writable folder with room for the model twice"
              .formatted(folder, FailureText.of(e)),
          e);
    }
  }

  private static Path sumOf(Path file) {
    return file.resolveSibling(file.getFileName() + ".sha256");
  }

  private static boolean isWhole(Path file) throws IOException {
    return Files.exists(file)
        && Files.exists(sumOf(file))
        && KnownDigests.standard().describe(file).sha256().equals(Files.readString(sumOf(file)));
  }
}

package dev.mneme.store.safetensors;

import dev.mneme.FailureText;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.files.FileKind;
import dev.mneme.store.files.RegularFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/** One SafeTensors file, mapped whole; the header is checked before anything is handed out. */
public final class SafeTensorsFile implements TensorSource {

  private final Path path;
  private final Arena arena;
  private final MemorySegment file;
  private final SafeTensorsHeader header;

  private SafeTensorsFile(Path path, Arena arena, MemorySegment file, SafeTensorsHeader header) {
    this.path = path;
    this.arena = arena;
    this.file = file;
    this.header = header;
  }

  /**
   * Maps a file and checks its header.
   *
   * @throws MalformedFileException naming the tensor and the broken rule
   * @throws MnemeException if the file cannot be read
   */
  public static SafeTensorsFile open(Path path) {
    RegularFiles.require(path);
    FileKind.requireSafeTensors(path);
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      var header = SafeTensorsHeader.parse(path, file);
      FloatReader.awaitFaults();
      return new SafeTensorsFile(path, arena, file, header);
    } catch (IOException e) {
      arena.close();
      throw new MnemeException("cannot read %s: %s".formatted(path, FailureText.of(e)), e);
    } catch (InternalError e) { // how the JVM reports a mapping whose file shrank meanwhile
      arena.close();
      throw new MalformedFileException(path + " is TRUNCATED: it shrank while it was read", e);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  public Path path() {
    return path;
  }

  /** The {@code __metadata__} entry; empty where there is none. */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return header.tensors();
  }

  @Override
  public MemorySegment data(String name) {
    TensorInfo tensor = header.tensors().get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(path + " has no tensor " + name);
    }
    requireWhole();
    return file.asSlice(header.dataStart() + tensor.begin(), tensor.end() - tensor.begin());
  }

  /** Reading past the end of a file that shrank would fail inside the JVM. */
  private void requireWhole() {
    try {
      long size = Files.size(path);
      if (size < file.byteSize()) {
        throw new MalformedFileException(
            "%s is TRUNCATED: it had %d bytes when opened and has %d now"
                .formatted(path, file.byteSize(), size));
      }
    } catch (IOException e) {
      throw new MnemeException("cannot read %s: %s".formatted(path, FailureText.of(e)), e);
    }
  }

  @Override
  public List<Path> files() {
    return List.of(path);
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}

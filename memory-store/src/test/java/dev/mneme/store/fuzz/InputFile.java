package dev.mneme.store.fuzz;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;

/**
 * A file in a temporary folder of its own, written over for each input: readers map files, which
 * memory file systems in Java cannot. With {@code java.io.tmpdir} on a memory file system of the
 * operating system nothing reaches a disk.
 */
public final class InputFile implements AutoCloseable {

  private final Path folder;
  private final Path path;
  private final FileChannel channel;

  /** Makes a folder with this one, empty file in it. */
  public InputFile(String name) throws IOException {
    folder = Files.createTempDirectory("mneme-fuzz");
    path = folder.resolve(name);
    channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  public Path path() {
    return path;
  }

  /** The folder, for what must lie beside the file; deleted with all in it when this is closed. */
  public Path folder() {
    return folder;
  }

  /** Makes this the file's content. */
  public void write(byte[] content) throws IOException {
    channel.truncate(content.length);
    ByteBuffer rest = ByteBuffer.wrap(content);
    while (rest.hasRemaining()) {
      channel.write(rest, rest.position());
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
    List<Path> all;
    try (var paths = Files.walk(folder)) {
      all = paths.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path each : all) {
      Files.delete(each);
    }
  }
}

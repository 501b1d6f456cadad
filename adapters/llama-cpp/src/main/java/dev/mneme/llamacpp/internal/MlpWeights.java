package dev.mneme.llamacpp.internal;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableSet;
import dev.mneme.ClosedException;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.llamacpp.LlamaCppOptions;
import dev.mneme.store.UnchangedFile;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufTensor;
import dev.mneme.store.gguf.GgufType;
import dev.mneme.store.hf.MlpGgufNames;
import dev.mneme.store.hf.MlpShape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The weights of an MLP Memory as ggml's tensors over a file's bytes, read or mapped as the options
 * say, which all sessions share. Safe for several threads; owns native memory until closed, which
 * it refuses while sessions are open.
 */
public final class MlpWeights implements AutoCloseable {

  /** ggml refuses weights that do not begin at a multiple of this. */
  private static final int ALIGNMENT = 32;

  private static final long LARGEST_READ = 64 << 20;

  /** What a product can be computed with, and what is added or multiplied number by number. */
  private static final Set<GgufType> MATRICES =
      ImmutableSet.of(
          GgufType.F32, GgufType.F16, GgufType.Q8_0, GgufType.Q4_0, GgufType.Q4_1, GgufType.Q4_K);

  private static final Set<GgufType> VECTORS = ImmutableSet.of(GgufType.F32);

  private final LlamaLibrary library;
  private final Arena arena = Arena.ofShared();
  private final Path path;
  private final LlamaCppOptions options;
  private final MlpShape shape;
  private final UnchangedFile unchanged;
  private final ThreadChoice threadChoice = new ThreadChoice();
  private final Map<String, MemorySegment> tensors = new HashMap<>();
  private final MemorySegment context;
  private final MemorySegment buffer;
  private int openSessions;
  private boolean closed;

  /**
   * Reads or maps a file derived from a pack.
   *
   * @param options which library computes, with how many threads, and whether the file is mapped
   * @throws MalformedFileException if it is not what {@link MlpGgufNames} writes for this shape
   * @throws MnemeException if it cannot be read
   */
  public MlpWeights(Path path, MlpShape shape, LlamaCppOptions options) {
    this.path = path;
    this.options = options;
    this.shape = shape;
    unchanged = new UnchangedFile(path);
    GgufFile file = GgufFile.read(path);
    check(file);
    library = LlamaLibrary.of(options.library());
    GgmlLibrary ggml = library.ggml();
    MemorySegment descriptions = MemorySegment.NULL;
    MemorySegment data = MemorySegment.NULL;
    try (FileChannel channel = FileChannel.open(path)) {
      MemorySegment bytes = options.memoryMapped() ? map(channel) : read(channel);
      unchanged.require();
      descriptions = ggml.newContext(file.tensors().size(), /* graph= */ false);
      context = descriptions;
      data = ggml.weightBuffer(bytes);
      buffer = data;
      for (GgufTensor tensor : file.tensors().values()) {
        long rows = tensor.dims().size() > 1 ? tensor.dims().get(1) : 1;
        MemorySegment made =
            ggml.newTensor(context, tensor.type().id(), tensor.dims().getFirst(), rows);
        ggml.place(buffer, made, bytes.asSlice(tensor.offset(), tensor.bytes()));
        tensors.put(tensor.name(), made);
      }
    } catch (IOException e) {
      arena.close();
      throw new MnemeException("cannot read %s: %s".formatted(path, e), e);
    } catch (RuntimeException e) {
      free(ggml, descriptions, data);
      arena.close();
      throw e;
    }
  }

  private MemorySegment map(FileChannel channel) throws IOException {
    return channel.map(MapMode.READ_ONLY, 0, unchanged.size(), arena);
  }

  private MemorySegment read(FileChannel channel) throws IOException {
    MemorySegment bytes = arena.allocate(unchanged.size(), ALIGNMENT);
    for (long done = 0; done < bytes.byteSize(); ) {
      long part = Math.min(LARGEST_READ, bytes.byteSize() - done);
      int count = channel.read(bytes.asSlice(done, part).asByteBuffer(), done);
      if (count < 0) {
        throw new MalformedFileException(
            "%s became shorter while it was read; expected %d bytes, found %d"
                .formatted(path, bytes.byteSize(), done));
      }
      done += count;
    }
    return bytes;
  }

  private static void free(GgmlLibrary ggml, MemorySegment context, MemorySegment buffer) {
    if (!context.equals(MemorySegment.NULL)) {
      ggml.freeContext(context);
    }
    if (!buffer.equals(MemorySegment.NULL)) {
      ggml.freeBuffer(buffer);
    }
  }

  /** Whatever is not as expected would end the process inside ggml. */
  private void check(GgufFile file) {
    var expected = new HashMap<String, List<Long>>();
    for (MlpShape.Tensor tensor : shape.tensors()) {
      expected.put(MlpGgufNames.nameOf(tensor), MlpGgufNames.dimsOf(tensor));
    }
    if (!expected.keySet().equals(file.tensors().keySet())) {
      throw new MalformedFileException(
          "%s has the tensors %s, expected %s; delete it, it will be made again"
              .formatted(path, file.tensors().keySet(), expected.keySet()));
    }
    for (GgufTensor tensor : file.tensors().values()) {
      Set<GgufType> types = tensor.dims().size() > 1 ? MATRICES : VECTORS;
      if (!types.contains(tensor.type())) {
        throw new MalformedFileException(
            "%s: \"%s\" is stored as %s, expected one of %s; delete the file, it will be made again"
                .formatted(path, tensor.name(), tensor.type(), types));
      }
      if (!tensor.dims().equals(expected.get(tensor.name())) || tensor.offset() % ALIGNMENT != 0) {
        throw new MalformedFileException(
            "%s: \"%s\" has dimensions %s at %d, expected %s at a multiple of %d; delete the file, it will be made again"
                .formatted(
                    path,
                    tensor.name(),
                    tensor.dims(),
                    tensor.offset(),
                    expected.get(tensor.name()),
                    ALIGNMENT));
      }
    }
  }

  MlpShape shape() {
    return shape;
  }

  Path path() {
    return path;
  }

  /** Shared by all sessions, since they run on the same cores. */
  ThreadChoice threadChoice() {
    return threadChoice;
  }

  /** A tensor by its name in the file. */
  MemorySegment tensor(String name) {
    return requireNonNull(tensors.get(name), name);
  }

  /** Called before and after each use of weights that may be mapped. */
  void requireUnchangedWeights() {
    if (options.memoryMapped()) {
      unchanged.require();
    }
  }

  /** A session of the calling thread. */
  public MlpSession openSession(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("a session needs at least 1 thread, not " + threads);
    }
    synchronized (this) {
      if (closed) {
        throw new ClosedException(path + " is closed");
      }
      openSessions++;
    }
    try {
      return new MlpSession(library, this, ThreadChoice.most(options, unchanged.size(), threads));
    } catch (RuntimeException e) {
      sessionClosed();
      throw e;
    }
  }

  synchronized void sessionClosed() {
    openSessions--;
  }

  /** Whether the weights have been freed. */
  public synchronized boolean isClosed() {
    return closed;
  }

  /**
   * Frees the weights.
   *
   * @throws IllegalStateException while sessions are open
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    if (openSessions > 0) {
      throw new IllegalStateException(
          "%d sessions of %s are still open; close them first".formatted(openSessions, path));
    }
    closed = true;
    free(library.ggml(), context, buffer);
    arena.close();
  }
}

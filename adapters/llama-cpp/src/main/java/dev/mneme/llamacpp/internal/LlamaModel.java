package dev.mneme.llamacpp.internal;

import dev.mneme.ClosedException;
import dev.mneme.MalformedFileException;
import dev.mneme.Tap;
import dev.mneme.llamacpp.Device;
import dev.mneme.llamacpp.LlamaCppOptions;
import dev.mneme.store.UnchangedFile;
import dev.mneme.store.gguf.GgufFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Loaded weights: what a host and a Memory Decoder have in common. Safe for several threads; owns
 * native memory until closed, which it refuses while sessions are open.
 */
public final class LlamaModel implements AutoCloseable {

  /** A session's context where the caller names none: long-context models would take gigabytes. */
  private static final int DEFAULT_CONTEXT = 4096;

  /** The context of the session that looks at the graph. */
  private static final int PROBED = 32;

  private static final String UNKNOWN_ARCHITECTURE = "unknown model architecture";
  private static final String NEWER =
      "; a newer release of llama.cpp may know it: set %s (docs/llama-cpp.md)"
          .formatted(LlamaLibrary.PROPERTY);

  private final LlamaLibrary library;
  private final GgufFile file;
  private final ModelShape shape;
  private final LlamaCppOptions options;
  private final int contextLength;
  private final List<UnchangedFile> unchanged; // every part of a split model
  private final MemorySegment model;
  private final NativeVocabulary vocabulary;
  private final int width;
  private final ThreadChoice threadChoice = new ThreadChoice();
  private final ReadWriteLock vocabularyUse = new ReentrantReadWriteLock(); // written to close
  private final Object probing = new Object();
  private @Nullable Map<String, Integer> activationWidths; // guarded by probing
  private int openContexts;
  private boolean closed;

  /**
   * Loads a file that is checked first, so that no file can end the process.
   *
   * @throws dev.mneme.MalformedFileException for a file that llama.cpp cannot run, with its reason
   * @throws IllegalArgumentException for options the model or the library cannot meet
   */
  public LlamaModel(Path path, LlamaCppOptions options) {
    this.options = options;
    var first = new UnchangedFile(path);
    file = GgufFile.read(path);
    unchanged = file.parts().stream().map(UnchangedFile::new).toList();
    first.require();
    shape = GgufGuard.check(file);
    contextLength = contextLength(options.contextLength());
    CacheMemory.require(path, shape, contextLength, options.cacheType());
    library = LlamaLibrary.of(options.library());
    ReleaseGuard.check(file, shape, library.release());
    requireGpu();
    unchanged.forEach(UnchangedFile::require); // what was checked is what the library reads
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment params = library.modelDefaultParams(arena);
      setParams(params, arena);
      model = library.loadModel(arena.allocateFrom(path.toString()), params);
    }
    String complaints = library.complaints();
    if (model.equals(MemorySegment.NULL)) {
      throw new MalformedFileException(
          "llama.cpp %s cannot load %s: %s%s"
              .formatted(
                  library.release().name(),
                  path,
                  complaints.isEmpty() ? "no reason given" : complaints,
                  complaints.contains(UNKNOWN_ARCHITECTURE) ? NEWER : ""));
    }
    requireReadWhole();
    MemorySegment vocab = library.vocab(model);
    width = library.vocabSize(vocab);
    vocabulary = new NativeVocabulary(library, file, vocab);
  }

  /** A file that changed while it was read is part of one and part of another. */
  private void requireReadWhole() {
    try {
      requireUnchangedFile();
    } catch (RuntimeException e) {
      library.freeModel(model);
      throw e;
    }
  }

  private void requireGpu() {
    if (options.gpuLayers() == 0 && !options.devices().isEmpty()) {
      throw new IllegalArgumentException(
          "devices %s are for layers, but gpuLayers is 0".formatted(options.devices()));
    }
    if (options.gpuLayers() > 0 && !library.supportsGpuOffload()) {
      throw new IllegalArgumentException(
          "gpuLayers is %d, but llama.cpp from %s finds no GPU here (devices: %s); set gpuLayers to 0 or name a release built for your GPU"
              .formatted(
                  options.gpuLayers(),
                  library.origin(),
                  library.backends().devices().stream().map(Device::name).toList()));
    }
  }

  private void setParams(MemorySegment params, Arena arena) {
    ModelLayout layout = library.release().model();
    layout.setGpuLayers(params, options.gpuLayers());
    boolean processorOnly = options.gpuLayers() == 0;
    if (processorOnly || !options.devices().isEmpty()) {
      // The empty list: without it a library with a GPU would compute long prompts there.
      layout.setDevices(params, library.backends().list(options.devices(), arena));
    }
    if (!options.memoryMapped()) {
      layout.setUnmapped(params);
    }
  }

  private int contextLength(int asked) {
    int trained = trainedContext();
    if (asked > trained) {
      throw new IllegalArgumentException(
          "%s was trained for a context of %d, so a context of %d would give nonsense"
              .formatted(file.path(), trained, asked));
    }
    return asked == 0 ? Math.min(trained, DEFAULT_CONTEXT) : asked;
  }

  /** Shared by all sessions, since they run on the same cores. */
  ThreadChoice threadChoice() {
    return threadChoice;
  }

  /** Called before and after each use of weights that may be mapped. */
  void requireUnchangedWeights() {
    if (options.memoryMapped()) {
      requireUnchangedFile();
    }
  }

  /** Called before and after something is read from the file besides its weights. */
  public void requireUnchangedFile() {
    unchanged.forEach(UnchangedFile::require);
  }

  public GgufFile file() {
    return file;
  }

  /** Tokens a session holds. */
  public int contextLength() {
    return contextLength;
  }

  /** Tokens the model was trained for. */
  public int trainedContext() {
    return shape.context();
  }

  /** Floats in a row of logits. */
  public int width() {
    return width;
  }

  /** A session of the calling thread; see {@link LlamaSession}. */
  public LlamaSession openSession(int threads, Set<Tap> taps) {
    for (Tap tap : taps) {
      if (activationWidth(tap).isEmpty()) {
        throw new IllegalArgumentException(
            "%s (%d blocks) has no activations at %s".formatted(file.path(), shape.blocks(), tap));
      }
    }
    if (taps.isEmpty()) {
      return openSession(contextLength, threads, null);
    }
    int microBatch = LlamaSession.microBatch(LlamaSession.maxBatch(options, contextLength));
    var tapped = new SessionTaps(library, taps, shape.blocks(), microBatch);
    try {
      return openSession(contextLength, threads, tapped);
    } catch (RuntimeException e) {
      tapped.close();
      throw e;
    }
  }

  private LlamaSession openSession(int context, int threads, @Nullable SessionTaps taps) {
    if (threads < 1) {
      throw new IllegalArgumentException("a session needs at least 1 thread, not " + threads);
    }
    synchronized (this) {
      checkOpen();
      openContexts++;
    }
    try {
      return new LlamaSession(
          library,
          this,
          model,
          options,
          context,
          ThreadChoice.most(
              options, unchanged.stream().mapToLong(UnchangedFile::size).sum(), threads),
          taps);
    } catch (RuntimeException e) {
      contextClosed();
      throw e;
    }
  }

  /** Floats of an activation at a tap, if the graph of this model has it. */
  public OptionalInt activationWidth(Tap tap) {
    if (!tap.isIn(shape.blocks())) {
      return OptionalInt.empty();
    }
    Integer width = activationWidths().get(SessionTaps.tensorOf(tap, shape.blocks()));
    return width == null ? OptionalInt.empty() : OptionalInt.of(width);
  }

  /** Families name their tensors differently, so the graph itself is asked, by running a token. */
  private Map<String, Integer> activationWidths() {
    synchronized (probing) {
      if (activationWidths == null) {
        var all = new HashSet<Tap>();
        for (int block = 0; block < shape.blocks(); block++) {
          for (Tap.Point point : Tap.Point.values()) {
            all.add(new Tap(block, point));
          }
        }
        var taps = new SessionTaps(library, all, shape.blocks(), 1);
        try (LlamaSession session = openSession(Math.min(contextLength, PROBED), 1, taps)) {
          session.probe();
          activationWidths = taps.widths();
        } finally {
          taps.close();
        }
      }
      return activationWidths;
    }
  }

  synchronized void contextClosed() {
    openContexts--;
  }

  private synchronized void checkOpen() {
    if (closed) {
      throw new ClosedException(file.path() + " is closed");
    }
  }

  /**
   * Ids of a text, without any that the model adds around it. Several texts are read at once.
   *
   * @throws dev.mneme.MnemeException if the file has no tokenizer, or the text is longer than can
   *     be held in memory
   */
  public int[] tokenize(String text, boolean parseSpecial) {
    return ask(() -> vocabulary.tokenize(text, parseSpecial));
  }

  /** Whether texts begin with {@link #bos}, by the library's reading of the file. */
  public boolean addsBos() {
    return ask(vocabulary::addsBos);
  }

  /** The id that begins texts, by the library's reading of the file. */
  public OptionalInt bos() {
    return ask(vocabulary::bos);
  }

  /** Ids that end a generation, by the library's reading of the file. */
  public Set<Integer> ends() {
    return ask(vocabulary::ends);
  }

  private <R> R ask(Supplier<R> question) {
    vocabularyUse.readLock().lock();
    try {
      checkOpen();
      return question.get();
    } finally {
      vocabularyUse.readLock().unlock();
    }
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
  public void close() {
    vocabularyUse.writeLock().lock(); // texts being read are read to their end
    try {
      closeUnused();
    } finally {
      vocabularyUse.writeLock().unlock();
    }
  }

  private synchronized void closeUnused() {
    if (closed) {
      return;
    }
    if (openContexts > 0) {
      throw new IllegalStateException(
          "%d sessions of %s are still open; close them first"
              .formatted(openContexts, file.path()));
    }
    closed = true;
    library.freeModel(model);
  }
}

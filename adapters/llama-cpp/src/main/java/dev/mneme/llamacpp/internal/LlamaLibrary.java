package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.sun.management.OperatingSystemMXBean;
import dev.mneme.NativeLibraryException;
import dev.mneme.llamacpp.LlamaCppLibrary;
import dev.mneme.llamacpp.LlamaCppOptions;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A loaded llama.cpp library: one Java method for each C function that is used. Signatures are
 * those of include/llama.h. It checks nothing; {@link LlamaModel} and {@link LlamaSession} do,
 * because most wrong arguments end the process.
 *
 * <p>Until b5590 the cache's functions took the context; since b5640 they take what {@code
 * llama_get_memory} gives for it. Safe for several threads; it stays loaded.
 */
public final class LlamaLibrary {

  /** The system property that names a library: libllama, or the folder of a release. */
  public static final String PROPERTY = "mneme.llama.library";

  /** The same as an environment variable. */
  public static final String VARIABLE = "MNEME_LLAMA_LIBRARY";

  private final String origin;
  private final Release release;
  private final NativeLog log;
  private final Lock batchLock = new ReentrantLock();
  private final CoreShare cores = new CoreShare(Runtime.getRuntime().availableProcessors());
  private final DeepStack deepStack = new DeepStack(memory());

  private final MethodHandle modelDefaultParams;
  private final MethodHandle modelLoad;
  private final MethodHandle modelFree;
  private final MethodHandle modelVocab;
  private final MethodHandle vocabSize;
  private final MethodHandle vocabBos;
  private final MethodHandle vocabAddsBos;
  private final MethodHandle vocabIsEnd;
  private final MethodHandle contextDefaultParams;
  private final MethodHandle contextInit;
  private final MethodHandle contextFree;
  private final MethodHandle setThreads;
  private final MethodHandle decode;
  private final MethodHandle logits;
  private final Optional<MethodHandle> cacheOfContext;
  private final MethodHandle cacheRemove;
  private final MethodHandle tokenize;
  private final MethodHandle gpuOffload;
  private final MethodHandle tensorGet;
  private final Backends backends;
  private final GgmlLibrary ggml;

  /**
   * The library a user names, or else the one the settings name, or else the bundled one. Loaded
   * once, however often it is asked for.
   *
   * @param named libllama or the folder of a release
   * @throws NativeLibraryException if it cannot be loaded, or is of a release that is not known
   */
  public static LlamaLibrary of(@Nullable Path named) {
    Optional<Path> wanted = named == null ? fromSettings() : Optional.of(named);
    return OpenLibraries.get(wanted.filter(path -> !path.equals(LlamaCppOptions.BUNDLED)));
  }

  private static Optional<Path> fromSettings() {
    String named = System.getProperty(PROPERTY, System.getenv(VARIABLE));
    return named == null || named.isBlank() ? Optional.empty() : Optional.of(Path.of(named));
  }

  /**
   * Binds what was loaded.
   *
   * @param origin where it comes from, for messages
   * @param folder where it lies; none for a library with its backends inside
   */
  LlamaLibrary(SymbolLookup symbols, String origin, Optional<Path> folder) {
    this.origin = origin;
    var functions = new NativeFunctions(symbols);
    release = Release.of(functions);
    var modelParams = release.model().struct();
    var contextParams = release.context().struct();
    modelDefaultParams =
        functions.bind("llama_model_default_params", FunctionDescriptor.of(modelParams));
    modelLoad =
        functions.bind(
            "llama_model_load_from_file", FunctionDescriptor.of(ADDRESS, ADDRESS, modelParams));
    modelFree = functions.bind("llama_model_free", FunctionDescriptor.ofVoid(ADDRESS));
    modelVocab = functions.bind("llama_model_get_vocab", FunctionDescriptor.of(ADDRESS, ADDRESS));
    vocabSize = functions.bind("llama_vocab_n_tokens", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    vocabBos = functions.bind("llama_vocab_bos", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    vocabAddsBos =
        functions.bind("llama_vocab_get_add_bos", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS));
    vocabIsEnd =
        functions.bind(
            "llama_vocab_is_eog", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS, JAVA_INT));
    contextDefaultParams =
        functions.bind("llama_context_default_params", FunctionDescriptor.of(contextParams));
    contextInit =
        functions.bind(
            "llama_init_from_model", FunctionDescriptor.of(ADDRESS, ADDRESS, contextParams));
    contextFree = functions.bind("llama_free", FunctionDescriptor.ofVoid(ADDRESS));
    setThreads =
        functions.bind(
            "llama_set_n_threads", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT));
    decode =
        functions.bind("llama_decode", FunctionDescriptor.of(JAVA_INT, ADDRESS, Release.BATCH));
    logits =
        functions.bind("llama_get_logits_ith", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
    cacheOfContext = functions.find("llama_get_memory", FunctionDescriptor.of(ADDRESS, ADDRESS));
    cacheRemove =
        functions.bind(
            cacheOfContext.isPresent() ? "llama_memory_seq_rm" : "llama_kv_self_seq_rm",
            FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT));
    tokenize =
        functions.bind(
            "llama_tokenize",
            FunctionDescriptor.of(
                JAVA_INT,
                ADDRESS,
                ADDRESS,
                JAVA_INT,
                ADDRESS,
                JAVA_INT,
                JAVA_BOOLEAN,
                JAVA_BOOLEAN));
    gpuOffload = functions.bind("llama_supports_gpu_offload", FunctionDescriptor.of(JAVA_BOOLEAN));
    tensorGet =
        functions.bind(
            "ggml_backend_tensor_get",
            FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG));
    MethodHandle init = functions.bind("llama_backend_init", FunctionDescriptor.ofVoid());
    backends = new Backends(functions);
    ggml = new GgmlLibrary(functions, backends);
    log = new NativeLog();
    log.listen(functions);
    functions.requireAll();
    try {
      folder.ifPresent(backends::load);
      init.invokeExact();
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  private static long memory() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Runtime.getRuntime().maxMemory();
  }

  /** For calls that recurse deeply. */
  DeepStack deepStack() {
    return deepStack;
  }

  GgmlLibrary ggml() {
    return ggml;
  }

  Backends backends() {
    return backends;
  }

  /** What a user may want to know of it. */
  public LlamaCppLibrary describe() {
    String layouts =
        "model parameters of %s (%d bytes), context parameters of %s (%d bytes)"
            .formatted(
                release.model().seen(),
                release.model().struct().byteSize(),
                release.context().seen(),
                release.context().struct().byteSize());
    return new LlamaCppLibrary(
        origin, release.name(), layouts, backends.features(), backends.devices());
  }

  /** Where it was loaded from. */
  String origin() {
    return origin;
  }

  Release release() {
    return release;
  }

  /** What the library complained of last. */
  String complaints() {
    return log.drain();
  }

  MemorySegment modelDefaultParams(SegmentAllocator allocator) {
    try {
      return (MemorySegment) modelDefaultParams.invokeExact(allocator);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  MemorySegment loadModel(MemorySegment path, MemorySegment params) {
    try {
      return (MemorySegment) modelLoad.invokeExact(path, params);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  void freeModel(MemorySegment model) {
    try {
      modelFree.invokeExact(model);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  MemorySegment vocab(MemorySegment model) {
    try {
      return (MemorySegment) modelVocab.invokeExact(model);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  int vocabSize(MemorySegment vocab) {
    try {
      return (int) vocabSize.invokeExact(vocab);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** The id that begins a text, or -1. */
  int bos(MemorySegment vocab) {
    try {
      return (int) vocabBos.invokeExact(vocab);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** Whether texts begin with that id. */
  boolean addsBos(MemorySegment vocab) {
    try {
      return (boolean) vocabAddsBos.invokeExact(vocab);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** Whether an id ends a generation. */
  boolean isEnd(MemorySegment vocab, int id) {
    try {
      return (boolean) vocabIsEnd.invokeExact(vocab, id);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  MemorySegment contextDefaultParams(SegmentAllocator allocator) {
    try {
      return (MemorySegment) contextDefaultParams.invokeExact(allocator);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  MemorySegment initContext(MemorySegment model, MemorySegment params) {
    try {
      return (MemorySegment) contextInit.invokeExact(model, params);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  void freeContext(MemorySegment context) {
    try {
      contextFree.invokeExact(context);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /**
   * Computes over rows: one batch at a time in this process where the release needs that, with as
   * many threads as are wanted, as the cores allow and as have proved useful.
   *
   * @param choice of the model that is computed
   * @param computation takes a number of threads
   */
  <R> R compute(int rows, int wanted, ThreadChoice choice, IntFunction<R> computation) {
    if (rows == 1 || release.concurrentBatches()) {
      return computeNow(rows, wanted, choice, computation);
    }
    batchLock.lock();
    try {
      return computeNow(rows, wanted, choice, computation);
    } finally {
      batchLock.unlock();
    }
  }

  private <R> R computeNow(int rows, int wanted, ThreadChoice choice, IntFunction<R> computation) {
    int given = cores.take(choice.threads(wanted, rows));
    try {
      long start = System.nanoTime();
      R result = computation.apply(given);
      choice.took(given, wanted, rows, System.nanoTime() - start);
      return result;
    } finally {
      cores.giveBack(given);
    }
  }

  int decode(MemorySegment context, MemorySegment batch, int threads) {
    try {
      setThreads.invokeExact(context, threads, threads);
      return (int) decode.invokeExact(context, batch);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  MemorySegment logits(MemorySegment context, int index) {
    try {
      return (MemorySegment) logits.invokeExact(context, index);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  boolean removeFromCache(MemorySegment context, int sequence, int from, int to) {
    try {
      MemorySegment cache =
          cacheOfContext.isPresent()
              ? (MemorySegment) cacheOfContext.get().invokeExact(context)
              : context;
      return (boolean) cacheRemove.invokeExact(cache, sequence, from, to);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  int tokenize(
      MemorySegment vocab,
      MemorySegment text,
      int length,
      MemorySegment out,
      int capacity,
      boolean parseSpecial) {
    try {
      return (int) tokenize.invokeExact(vocab, text, length, out, capacity, false, parseSpecial);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  boolean supportsGpuOffload() {
    try {
      return (boolean) gpuOffload.invokeExact();
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** Copies a part of a tensor's data, from whichever device holds it. */
  void readTensor(MemorySegment tensor, long offset, MemorySegment into) {
    try {
      tensorGet.invokeExact(tensor, into, offset, into.byteSize());
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** Offset of a struct's member. */
  static long offset(MemoryLayout struct, String member) {
    return struct.byteOffset(MemoryLayout.PathElement.groupElement(member));
  }

  static RuntimeException failed(Throwable e) {
    return switch (e) {
      case RuntimeException known -> known;
      case Error error -> throw error;
      default -> new NativeLibraryException("a call into llama.cpp failed", e);
    };
  }
}

package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.mneme.NativeLibraryException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * The loaded llama.cpp library: one Java method for each C function that is used. Signatures are
 * those of include/llama.h. It checks nothing; {@link LlamaModel} and {@link LlamaSession} do,
 * because most wrong arguments end the process.
 */
final class LlamaLibrary {

  /** Loads the library when first asked for; a failure is thrown at every use. */
  private static final class Holder {
    static final LlamaLibrary INSTANCE = new LlamaLibrary(LibraryFile.open(), Release.B4916);
  }

  private final SymbolLookup symbols;
  private final Linker linker = Linker.nativeLinker();
  private final Release release;
  private final NativeLog log = new NativeLog();
  private final Lock batchLock = new ReentrantLock();

  private final MethodHandle modelDefaultParams;
  private final MethodHandle modelLoad;
  private final MethodHandle modelFree;
  private final MethodHandle modelVocab;
  private final MethodHandle modelChatTemplate;
  private final MethodHandle vocabSize;
  private final MethodHandle contextDefaultParams;
  private final MethodHandle contextInit;
  private final MethodHandle contextFree;
  private final MethodHandle contextLength;
  private final MethodHandle decode;
  private final MethodHandle logits;
  private final MethodHandle cacheRemove;
  private final MethodHandle tokenize;
  private final MethodHandle applyTemplate;
  private final MethodHandle gpuOffload;
  private final MethodHandle tensorGet;
  private final GgmlLibrary ggml;

  static LlamaLibrary get() {
    try {
      return Holder.INSTANCE;
    } catch (ExceptionInInitializerError e) {
      throw e.getCause() instanceof NativeLibraryException cause
          ? cause
          : new NativeLibraryException("the llama.cpp library could not be set up", e);
    } catch (NoClassDefFoundError e) {
      throw new NativeLibraryException(
          "the llama.cpp library could not be loaded; the first failure says why", e);
    }
  }

  private LlamaLibrary(SymbolLookup symbols, Release release) {
    this.symbols = symbols;
    this.release = release;
    modelDefaultParams =
        bind("llama_model_default_params", FunctionDescriptor.of(release.modelParams()));
    modelLoad =
        bind(
            "llama_model_load_from_file",
            FunctionDescriptor.of(ADDRESS, ADDRESS, release.modelParams()));
    modelFree = bind("llama_model_free", FunctionDescriptor.ofVoid(ADDRESS));
    modelVocab = bind("llama_model_get_vocab", FunctionDescriptor.of(ADDRESS, ADDRESS));
    modelChatTemplate =
        bind("llama_model_chat_template", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
    vocabSize = bind("llama_vocab_n_tokens", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    contextDefaultParams =
        bind("llama_context_default_params", FunctionDescriptor.of(release.contextParams()));
    contextInit =
        bind(
            "llama_init_from_model",
            FunctionDescriptor.of(ADDRESS, ADDRESS, release.contextParams()));
    contextFree = bind("llama_free", FunctionDescriptor.ofVoid(ADDRESS));
    contextLength = bind("llama_n_ctx", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    decode = bind("llama_decode", FunctionDescriptor.of(JAVA_INT, ADDRESS, release.batch()));
    logits = bind("llama_get_logits_ith", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
    cacheRemove =
        bind(
            release.cacheRemove(),
            FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT));
    tokenize =
        bind(
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
    applyTemplate =
        bind(
            "llama_chat_apply_template",
            FunctionDescriptor.of(
                JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, JAVA_BOOLEAN, ADDRESS, JAVA_INT));
    gpuOffload = bind("llama_supports_gpu_offload", FunctionDescriptor.of(JAVA_BOOLEAN));
    tensorGet =
        bind(
            "ggml_backend_tensor_get",
            FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG));
    ggml = new GgmlLibrary((name, descriptor) -> bind(name, descriptor), release.tensor());
    start();
  }

  GgmlLibrary ggml() {
    return ggml;
  }

  private MethodHandle bind(String name, FunctionDescriptor descriptor, Linker.Option... options) {
    MemorySegment address =
        symbols
            .find(name)
            .orElseThrow(
                () ->
                    new NativeLibraryException(
                        "the library has no function %s; Mneme knows llama.cpp %s"
                            .formatted(name, release.name())));
    return linker.downcallHandle(address, descriptor, options);
  }

  private void start() {
    try {
      // Without this every abort would first start a debugger to print a trace.
      MethodHandle setenv =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("setenv"),
              FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));
      try (Arena arena = Arena.ofConfined()) {
        int ignored =
            (int)
                setenv.invokeExact(
                    arena.allocateFrom("GGML_NO_BACKTRACE"), arena.allocateFrom("1"), 1);
      }
      MethodHandle accept =
          MethodHandles.lookup()
              .findVirtual(
                  NativeLog.class,
                  "accept",
                  MethodType.methodType(
                      void.class, int.class, MemorySegment.class, MemorySegment.class))
              .bindTo(log);
      MemorySegment callback =
          linker.upcallStub(
              accept, FunctionDescriptor.ofVoid(JAVA_INT, ADDRESS, ADDRESS), Arena.global());
      bind("llama_log_set", FunctionDescriptor.ofVoid(ADDRESS, ADDRESS))
          .invokeExact(callback, MemorySegment.NULL);
      bind("llama_backend_init", FunctionDescriptor.ofVoid()).invokeExact();
    } catch (Throwable e) {
      throw failed(e);
    }
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

  /** The model's chat template, or a null pointer. */
  MemorySegment chatTemplate(MemorySegment model) {
    try {
      return (MemorySegment) modelChatTemplate.invokeExact(model, MemorySegment.NULL);
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

  int contextLength(MemorySegment context) {
    try {
      return (int) contextLength.invokeExact(context);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /**
   * Computes over several rows one after the other in this process where the release needs that.
   */
  <R> R oneBatchAtATime(int rows, Supplier<R> computation) {
    if (rows == 1 || release.concurrentBatches()) {
      return computation.get();
    }
    batchLock.lock();
    try {
      return computation.get();
    } finally {
      batchLock.unlock();
    }
  }

  int decode(MemorySegment context, MemorySegment batch, int tokens) {
    return oneBatchAtATime(tokens, () -> decode(context, batch));
  }

  private int decode(MemorySegment context, MemorySegment batch) {
    try {
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
      return (boolean) cacheRemove.invokeExact(context, sequence, from, to);
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

  int applyTemplate(
      MemorySegment template,
      MemorySegment messages,
      long count,
      boolean addAssistant,
      MemorySegment out,
      int capacity) {
    try {
      return (int)
          applyTemplate.invokeExact(template, messages, count, addAssistant, out, capacity);
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

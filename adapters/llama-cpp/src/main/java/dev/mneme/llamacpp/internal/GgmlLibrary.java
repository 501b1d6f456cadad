package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.google.common.base.Suppliers;
import dev.mneme.NativeLibraryException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.util.function.Supplier;

/**
 * The part of ggml that builds and runs a graph on the processor. Signatures are those of
 * include/ggml.h, ggml-backend.h, ggml-cpu.h and ggml-alloc.h. Like {@link LlamaLibrary} it checks
 * nothing; {@link MlpWeights} and {@link MlpGraph} do.
 */
final class GgmlLibrary {

  /** Marks a buffer as holding weights, {@code GGML_BACKEND_BUFFER_USAGE_WEIGHTS}. */
  private static final int USAGE_WEIGHTS = 1;

  /** {@code struct ggml_init_params}. */
  private static final StructLayout INIT_PARAMS =
      MemoryLayout.structLayout(
          JAVA_LONG.withName("mem_size"),
          ADDRESS.withName("mem_buffer"),
          JAVA_BOOLEAN.withName("no_alloc"),
          MemoryLayout.paddingLayout(7));

  private final Backends backends;
  private final Supplier<MethodHandle> setThreads; // its library is loaded after this one
  private final MethodHandle init;
  private final MethodHandle free;
  private final MethodHandle tensorOverhead;
  private final MethodHandle graphOverhead;
  private final MethodHandle newTensor;
  private final MethodHandle normRms;
  private final MethodHandle norm;
  private final MethodHandle mulMat;
  private final MethodHandle mul;
  private final MethodHandle add;
  private final MethodHandle scale;
  private final MethodHandle silu;
  private final MethodHandle tanh;
  private final MethodHandle setInput;
  private final MethodHandle setOutput;
  private final MethodHandle newGraph;
  private final MethodHandle expand;
  private final MethodHandle cpuBufferType;
  private final MethodHandle bufferFromPointer;
  private final MethodHandle bufferSetUsage;
  private final MethodHandle bufferFree;
  private final MethodHandle tensorAlloc;
  private final MethodHandle backendFree;
  private final MethodHandle compute;
  private final MethodHandle allocatorNew;
  private final MethodHandle allocatorAlloc;
  private final MethodHandle allocatorFree;

  GgmlLibrary(NativeFunctions library, Backends backends) {
    this.backends = backends;
    setThreads =
        Suppliers.memoize(
            () ->
                backends.ofProcessor(
                    "ggml_backend_set_n_threads", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT)));
    AddressLayout tensor = ADDRESS.withTargetLayout(Release.TENSOR);
    var unary = FunctionDescriptor.of(tensor, ADDRESS, ADDRESS);
    var binary = FunctionDescriptor.of(tensor, ADDRESS, ADDRESS, ADDRESS);
    var scaled = FunctionDescriptor.of(tensor, ADDRESS, ADDRESS, JAVA_FLOAT);
    var mark = FunctionDescriptor.ofVoid(ADDRESS);
    init = library.bind("ggml_init", FunctionDescriptor.of(ADDRESS, INIT_PARAMS));
    free = library.bind("ggml_free", mark);
    tensorOverhead = library.bind("ggml_tensor_overhead", FunctionDescriptor.of(JAVA_LONG));
    graphOverhead =
        library.bind(
            "ggml_graph_overhead_custom",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_BOOLEAN));
    newTensor =
        library.bind(
            "ggml_new_tensor_2d",
            FunctionDescriptor.of(tensor, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_LONG));
    normRms = library.bind("ggml_rms_norm", scaled);
    norm = library.bind("ggml_norm", scaled);
    mulMat = library.bind("ggml_mul_mat", binary);
    mul = library.bind("ggml_mul", binary);
    add = library.bind("ggml_add", binary);
    scale = library.bind("ggml_scale", scaled);
    silu = library.bind("ggml_silu", unary);
    tanh = library.bind("ggml_tanh", unary);
    setInput = library.bind("ggml_set_input", mark);
    setOutput = library.bind("ggml_set_output", mark);
    newGraph =
        library.bind(
            "ggml_new_graph_custom",
            FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_BOOLEAN));
    expand = library.bind("ggml_build_forward_expand", FunctionDescriptor.ofVoid(ADDRESS, ADDRESS));
    cpuBufferType = library.bind("ggml_backend_cpu_buffer_type", FunctionDescriptor.of(ADDRESS));
    bufferFromPointer =
        library.bind(
            "ggml_backend_cpu_buffer_from_ptr", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG));
    bufferSetUsage =
        library.bind("ggml_backend_buffer_set_usage", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT));
    bufferFree = library.bind("ggml_backend_buffer_free", mark);
    tensorAlloc =
        library.bind(
            "ggml_backend_tensor_alloc",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
    backendFree = library.bind("ggml_backend_free", mark);
    compute =
        library.bind(
            "ggml_backend_graph_compute", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    allocatorNew = library.bind("ggml_gallocr_new", FunctionDescriptor.of(ADDRESS, ADDRESS));
    allocatorAlloc =
        library.bind(
            "ggml_gallocr_alloc_graph", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS, ADDRESS));
    allocatorFree = library.bind("ggml_gallocr_free", mark);
  }

  /**
   * A context for the descriptions of tensors, without their data.
   *
   * @param tensors most it holds
   * @param graph whether a graph is made in it
   */
  MemorySegment newContext(int tensors, boolean graph) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment params = arena.allocate(INIT_PARAMS);
      long bytes = (long) tensorOverhead.invokeExact() * tensors;
      if (graph) {
        bytes += (long) graphOverhead.invokeExact((long) tensors, false);
      }
      params.set(JAVA_LONG, LlamaLibrary.offset(INIT_PARAMS, "mem_size"), bytes);
      params.set(JAVA_BOOLEAN, LlamaLibrary.offset(INIT_PARAMS, "no_alloc"), true);
      return notNull((MemorySegment) init.invokeExact(params), "ggml_init");
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  void freeContext(MemorySegment context) {
    run(free, context);
  }

  /** A tensor of rows; its data comes later. */
  MemorySegment newTensor(MemorySegment context, int type, long rowLength, long rows) {
    try {
      return (MemorySegment) newTensor.invokeExact(context, type, rowLength, rows);
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  MemorySegment rmsNorm(MemorySegment context, MemorySegment x, float epsilon) {
    return scaled(normRms, context, x, epsilon);
  }

  /** Mean taken off, divided by the deviation. */
  MemorySegment layerNorm(MemorySegment context, MemorySegment x, float epsilon) {
    return scaled(norm, context, x, epsilon);
  }

  MemorySegment scale(MemorySegment context, MemorySegment x, float factor) {
    return scaled(scale, context, x, factor);
  }

  /** Rows of {@code x} times the rows of a matrix: [out, n] from [in, out] and [in, n]. */
  MemorySegment mulMat(MemorySegment context, MemorySegment matrix, MemorySegment x) {
    return binary(mulMat, context, matrix, x);
  }

  MemorySegment mul(MemorySegment context, MemorySegment a, MemorySegment b) {
    return binary(mul, context, a, b);
  }

  MemorySegment add(MemorySegment context, MemorySegment a, MemorySegment b) {
    return binary(add, context, a, b);
  }

  MemorySegment silu(MemorySegment context, MemorySegment x) {
    return unary(silu, context, x);
  }

  MemorySegment tanh(MemorySegment context, MemorySegment x) {
    return unary(tanh, context, x);
  }

  void setInput(MemorySegment tensor) {
    run(setInput, tensor);
  }

  void setOutput(MemorySegment tensor) {
    run(setOutput, tensor);
  }

  /**
   * An empty graph.
   *
   * @param nodes most it holds; one more would end the process
   */
  MemorySegment newGraph(MemorySegment context, int nodes) {
    try {
      return notNull(
          (MemorySegment) newGraph.invokeExact(context, (long) nodes, false),
          "ggml_new_graph_custom");
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  /** Adds a tensor and all it is computed from; recursive, so a long chain is added bit by bit. */
  void expand(MemorySegment graph, MemorySegment result) {
    try {
      expand.invokeExact(graph, result);
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  /** The processor as a backend. */
  MemorySegment newProcessor() {
    return backends.newProcessor();
  }

  void freeProcessor(MemorySegment processor) {
    run(backendFree, processor);
  }

  /** A buffer of weights over memory that stays its owner's; it must be aligned to 32 bytes. */
  MemorySegment weightBuffer(MemorySegment memory) {
    try {
      MemorySegment buffer =
          notNull(
              (MemorySegment) bufferFromPointer.invokeExact(memory, memory.byteSize()),
              "ggml_backend_cpu_buffer_from_ptr");
      bufferSetUsage.invokeExact(buffer, USAGE_WEIGHTS);
      return buffer;
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  void freeBuffer(MemorySegment buffer) {
    run(bufferFree, buffer);
  }

  /** Says where in a buffer a tensor's data lies. */
  void place(MemorySegment buffer, MemorySegment tensor, MemorySegment data) {
    try {
      int status = (int) tensorAlloc.invokeExact(buffer, tensor, data);
      if (status != 0) {
        throw new NativeLibraryException("ggml refused a tensor's place: status " + status);
      }
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  /** Memory for the intermediate tensors of a graph. */
  MemorySegment newAllocator() {
    try {
      MemorySegment type = (MemorySegment) cpuBufferType.invokeExact();
      return notNull((MemorySegment) allocatorNew.invokeExact(type), "ggml_gallocr_new");
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  void freeAllocator(MemorySegment allocator) {
    run(allocatorFree, allocator);
  }

  /** Gives every tensor of a graph its memory. */
  void allocate(MemorySegment allocator, MemorySegment graph) {
    try {
      if (!(boolean) allocatorAlloc.invokeExact(allocator, graph)) {
        throw new NativeLibraryException("ggml has not enough memory for a graph");
      }
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  void compute(MemorySegment processor, MemorySegment graph, int threads) {
    try {
      setThreads.get().invokeExact(processor, threads);
      int status = (int) compute.invokeExact(processor, graph);
      if (status != 0) {
        throw new NativeLibraryException("computing a graph failed with status " + status);
      }
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  /** A tensor's data, once it has its memory. */
  MemorySegment data(MemorySegment tensor, long bytes) {
    return tensor.get(ADDRESS, LlamaLibrary.offset(Release.TENSOR, "data")).reinterpret(bytes);
  }

  private static MemorySegment unary(MethodHandle handle, MemorySegment context, MemorySegment x) {
    try {
      return (MemorySegment) handle.invokeExact(context, x);
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  private static MemorySegment binary(
      MethodHandle handle, MemorySegment context, MemorySegment a, MemorySegment b) {
    try {
      return (MemorySegment) handle.invokeExact(context, a, b);
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  private static MemorySegment scaled(
      MethodHandle handle, MemorySegment context, MemorySegment x, float number) {
    try {
      return (MemorySegment) handle.invokeExact(context, x, number);
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  private static void run(MethodHandle handle, MemorySegment argument) {
    try {
      handle.invokeExact(argument);
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  private static MemorySegment notNull(MemorySegment result, String function) {
    if (result.equals(MemorySegment.NULL)) {
      throw new NativeLibraryException(function + " gave nothing; is there enough memory?");
    }
    return result;
  }
}

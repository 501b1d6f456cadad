package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.mneme.NativeLibraryException;
import dev.mneme.llamacpp.Device;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What ggml can compute on: the processor and what graphics cards there are. Signatures are those
 * of include/ggml-backend.h. A build of several libraries has its backends in files of their own,
 * one for each kind of processor, of which ggml itself picks the best that runs here.
 */
final class Backends {

  private static final int CPU = 0; // enum ggml_backend_dev_type
  private static final int GPU = 1;

  /** An integrated GPU, but an accelerator without memory of its own (BLAS) up to b6431. */
  private static final int GPU_OR_ACCELERATOR = 2;

  private static final int LONGEST_TEXT = 4096;
  private static final int MOST_FEATURES = 256;

  private final MethodHandle registryCount;
  private final MethodHandle loadAll;
  private final MethodHandle registryByName;
  private final MethodHandle procAddress;
  private final MethodHandle initByType;
  private final MethodHandle deviceCount;
  private final MethodHandle deviceGet;
  private final MethodHandle deviceName;
  private final MethodHandle deviceDescription;
  private final MethodHandle deviceType;
  private final MethodHandle deviceMemory;

  Backends(NativeFunctions functions) {
    var count = FunctionDescriptor.of(JAVA_LONG);
    var property = FunctionDescriptor.of(ADDRESS, ADDRESS);
    registryCount = functions.bind("ggml_backend_reg_count", count);
    loadAll = functions.bind("ggml_backend_load_all_from_path", FunctionDescriptor.ofVoid(ADDRESS));
    registryByName = functions.bind("ggml_backend_reg_by_name", property);
    procAddress =
        functions.bind(
            "ggml_backend_reg_get_proc_address", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
    initByType =
        functions.bind(
            "ggml_backend_init_by_type", FunctionDescriptor.of(ADDRESS, JAVA_INT, ADDRESS));
    deviceCount = functions.bind("ggml_backend_dev_count", count);
    deviceGet = functions.bind("ggml_backend_dev_get", FunctionDescriptor.of(ADDRESS, JAVA_LONG));
    deviceName = functions.bind("ggml_backend_dev_name", property);
    deviceDescription = functions.bind("ggml_backend_dev_description", property);
    deviceType = functions.bind("ggml_backend_dev_type", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    deviceMemory =
        functions.bind(
            "ggml_backend_dev_memory", FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, ADDRESS));
  }

  /**
   * Loads a folder's backends, unless the library has them inside.
   *
   * @throws NativeLibraryException if none runs here
   */
  void load(Path folder) {
    try (Arena arena = Arena.ofConfined()) {
      if ((long) registryCount.invokeExact() == 0) {
        loadAll.invokeExact(arena.allocateFrom(folder.toString()));
      }
      if ((long) registryCount.invokeExact() == 0) {
        throw new NativeLibraryException(
            "%s holds no backend of ggml (libggml-cpu*) that runs on this processor; take the whole folder of a release"
                .formatted(folder));
      }
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  /** The processor as a backend; the caller frees it. */
  MemorySegment newProcessor() {
    try {
      var backend = (MemorySegment) initByType.invokeExact(CPU, MemorySegment.NULL);
      if (backend.equals(MemorySegment.NULL)) {
        throw new NativeLibraryException("ggml cannot use the processor; is there enough memory?");
      }
      return backend;
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  /**
   * A function of the processor's backend, which may be in a file of its own.
   *
   * @throws NativeLibraryException if this release gives none of that name
   */
  MethodHandle ofProcessor(String name, FunctionDescriptor descriptor) {
    return findOfProcessor(name, descriptor)
        .orElseThrow(
            () ->
                new NativeLibraryException(
                    "its processor backend has no function %s; %s"
                        .formatted(name, Release.known())));
  }

  private Optional<MethodHandle> findOfProcessor(String name, FunctionDescriptor descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      var registry = (MemorySegment) registryByName.invokeExact(arena.allocateFrom("CPU"));
      if (registry.equals(MemorySegment.NULL)) {
        return Optional.empty();
      }
      var function = (MemorySegment) procAddress.invokeExact(registry, arena.allocateFrom(name));
      return function.equals(MemorySegment.NULL)
          ? Optional.empty()
          : Optional.of(Linker.nativeLinker().downcallHandle(function, descriptor));
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  /**
   * What the processor's backend was compiled for, by ggml's names (AVX2, OPENMP, ...), in ggml's
   * order; of {@code struct ggml_backend_feature} an array of two strings each, the last of nulls.
   */
  Map<String, String> features() {
    var features = new LinkedHashMap<String, String>();
    findOfProcessor("ggml_backend_get_features", FunctionDescriptor.of(ADDRESS, ADDRESS))
        .ifPresent(
            handle -> {
              try {
                var array = (MemorySegment) handle.invokeExact(MemorySegment.NULL);
                read(array.reinterpret(MOST_FEATURES * 2 * ADDRESS.byteSize()), features);
              } catch (Throwable e) {
                throw LlamaLibrary.failed(e);
              }
            });
    return features;
  }

  private static void read(MemorySegment array, Map<String, String> features) {
    for (int i = 0; i < 2 * MOST_FEATURES; i += 2) {
      MemorySegment name = array.getAtIndex(ADDRESS, i);
      if (name.equals(MemorySegment.NULL)) {
        return;
      }
      features.put(text(name), text(array.getAtIndex(ADDRESS, i + 1)));
    }
  }

  /** All devices, in the library's order. */
  List<Device> devices() {
    return handles().stream().map(this::describe).toList();
  }

  /**
   * Devices to run layers on, as {@code llama_model_params} wants them.
   *
   * @param names as {@link Device#name} gives them
   * @return pointers with a null pointer at the end
   * @throws IllegalArgumentException if one is not there, or is no GPU
   */
  MemorySegment list(List<String> names, Arena arena) {
    MemorySegment list = arena.allocate(ADDRESS, names.size() + 1L);
    for (int i = 0; i < names.size(); i++) {
      list.setAtIndex(ADDRESS, i, gpu(names.get(i)));
    }
    return list;
  }

  private MemorySegment gpu(String name) {
    for (MemorySegment handle : handles()) {
      Device device = describe(handle);
      if (device.name().equals(name) && device.isGpu()) {
        return handle;
      }
    }
    throw new IllegalArgumentException(
        "this llama.cpp library has no GPU called \"%s\"; its devices are %s"
            .formatted(name, devices().stream().map(Device::name).toList()));
  }

  private List<MemorySegment> handles() {
    try {
      long count = (long) deviceCount.invokeExact();
      var handles = new ArrayList<MemorySegment>();
      for (long i = 0; i < count; i++) {
        handles.add((MemorySegment) deviceGet.invokeExact(i));
      }
      return handles;
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  private Device describe(MemorySegment handle) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment free = arena.allocate(JAVA_LONG);
      MemorySegment total = arena.allocate(JAVA_LONG);
      deviceMemory.invokeExact(handle, free, total);
      long bytes = total.get(JAVA_LONG, 0);
      int type = (int) deviceType.invokeExact(handle);
      return new Device(
          text((MemorySegment) deviceName.invokeExact(handle)),
          text((MemorySegment) deviceDescription.invokeExact(handle)),
          type == GPU || (type == GPU_OR_ACCELERATOR && bytes > 0),
          free.get(JAVA_LONG, 0),
          bytes);
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  private static String text(MemorySegment pointer) {
    return pointer.equals(MemorySegment.NULL) ? "" : pointer.reinterpret(LONGEST_TEXT).getString(0);
  }
}

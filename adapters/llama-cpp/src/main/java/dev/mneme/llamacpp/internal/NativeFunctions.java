package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;

import dev.mneme.NativeLibraryException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Binds functions of a library by name. What is missing is noted instead of thrown, so that one
 * refusal names all of it.
 */
final class NativeFunctions {

  private static final int LONGEST_TEXT = 4096;

  private final Linker linker = Linker.nativeLinker();
  private final SymbolLookup symbols;
  private final List<String> missing = new ArrayList<>();

  NativeFunctions(SymbolLookup symbols) {
    this.symbols = symbols;
  }

  /** A function that Mneme needs; see {@link #requireAll}. */
  MethodHandle bind(String name, FunctionDescriptor descriptor) {
    Optional<MemorySegment> address = symbols.find(name);
    if (address.isEmpty()) {
      missing.add(name);
      return MethodHandles.empty(descriptor.toMethodType());
    }
    return linker.downcallHandle(address.get(), descriptor);
  }

  /** A function that not every release has. */
  Optional<MethodHandle> find(String name, FunctionDescriptor descriptor) {
    return symbols.find(name).map(address -> linker.downcallHandle(address, descriptor));
  }

  boolean has(String name) {
    return symbols.find(name).isPresent();
  }

  /** The address of a function that {@link #requireAll} has seen. */
  MemorySegment address(String name) {
    return symbols
        .find(name)
        .orElseGet(
            () -> {
              missing.add(name);
              return MemorySegment.NULL;
            });
  }

  /** What a function without arguments says, if the library has it. */
  Optional<String> text(String name) {
    return find(name, FunctionDescriptor.of(ADDRESS))
        .map(
            handle -> {
              try {
                var text = (MemorySegment) handle.invokeExact();
                return text.reinterpret(LONGEST_TEXT).getString(0);
              } catch (Throwable e) {
                throw LlamaLibrary.failed(e);
              }
            });
  }

  /**
   * Refuses a library without functions that were asked for.
   *
   * @throws NativeLibraryException naming all of them
   */
  void requireAll() {
    if (!missing.isEmpty()) {
      throw new NativeLibraryException(
          "it has no functions %s; %s".formatted(missing, Release.known()));
    }
  }
}

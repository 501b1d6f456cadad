package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Native functions written in Java, to be found by name as those of a library are. */
final class FakeLibrary {

  private final Arena arena;
  private final Map<String, MemorySegment> functions = new HashMap<>();

  /**
   * A library without functions.
   *
   * @param arena they live as long as this
   */
  FakeLibrary(Arena arena) {
    this.arena = arena;
  }

  /** A library with the two functions of defaults that a release is recognised by. */
  static FakeLibrary of(StructImage model, StructImage context, Arena arena) {
    return new FakeLibrary(arena)
        .with("llama_model_default_params", returningStruct(model.toArray(), arena))
        .with("llama_context_default_params", returningStruct(context.toArray(), arena));
  }

  FakeLibrary with(String name, MemorySegment function) {
    functions.put(name, function);
    return this;
  }

  /** Adds a function that gives a text. */
  FakeLibrary withText(String name, String text) {
    MethodHandle constant = MethodHandles.constant(MemorySegment.class, arena.allocateFrom(text));
    return with(
        name, Linker.nativeLinker().upcallStub(constant, FunctionDescriptor.of(ADDRESS), arena));
  }

  SymbolLookup symbols() {
    return name -> Optional.ofNullable(functions.get(name));
  }

  NativeFunctions functions() {
    return new NativeFunctions(symbols());
  }

  /** A function without arguments that returns a struct of these bytes. */
  static MemorySegment returningStruct(byte[] bytes, Arena arena) {
    MemorySegment struct = arena.allocate(bytes.length, Long.BYTES);
    MemorySegment.copy(bytes, 0, struct, JAVA_BYTE, 0, bytes.length);
    MemoryLayout layout = ModelLayout.structOf(bytes.length);
    return Linker.nativeLinker()
        .upcallStub(
            MethodHandles.constant(MemorySegment.class, struct),
            FunctionDescriptor.of(layout),
            arena);
  }
}

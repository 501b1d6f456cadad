package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.mneme.MnemeException;
import dev.mneme.store.gguf.GgufFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The vocabulary of a loaded model: what the library makes of a file's tokenizer settings, also of
 * those that the file leaves out. Safe for several threads; the model must be open meanwhile.
 */
final class NativeVocabulary {

  /** Stack for everything but the splitting. */
  private static final long BASE_STACK = 512 << 10;

  /**
   * Stack for one level of the recursion, of which the bundled library takes at most 801 bytes
   * (gpt-4o, tekken) and mostly 289.
   */
  private static final long STACK_OF_LEVEL = 2048;

  /** Up to so many levels fit every thread. */
  private static final int SHALLOW = 128;

  /** Longer texts would need buffers larger than an array can be. */
  private static final int MOST_CHARACTERS = 1 << 28;

  private final LlamaLibrary library;
  private final GgufFile file;
  private final MemorySegment vocab;
  private final boolean bytePairs;
  private final String pre;

  NativeVocabulary(LlamaLibrary library, GgufFile file, MemorySegment vocab) {
    this.library = library;
    this.file = file;
    this.vocab = vocab;
    bytePairs = file.string("tokenizer.ggml.model").orElse("").equals("gpt2");
    pre = file.string("tokenizer.ggml.pre").orElse("default");
  }

  /** Whether a text begins with {@link #bos}. */
  boolean addsBos() {
    return library.addsBos(vocab);
  }

  /** The id that begins a text. */
  OptionalInt bos() {
    int id = library.bos(vocab);
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** Ids that end a generation. */
  Set<Integer> ends() {
    var ends = new HashSet<Integer>();
    int size = library.vocabSize(vocab);
    for (int id = 0; id < size; id++) {
      if (library.isEnd(vocab, id)) {
        ends.add(id);
      }
    }
    return ends;
  }

  /**
   * Ids of a text, without any that the model adds around it.
   *
   * @throws MnemeException if the file has no tokenizer, which llama.cpp would assert on, or the
   *     text is longer than can be held in memory
   */
  int[] tokenize(String text, boolean parseSpecial) {
    if (TokenizerGuard.isWithoutNames(file)) {
      throw new MnemeException(
          file.path() + " has no tokenizer: its ids come from the host's; use the host to encode");
    }
    if (text.length() > MOST_CHARACTERS) {
      throw new MnemeException(
          "a text of %d characters is too long to become ids in one piece, which at most %d can; cut it"
              .formatted(text.length(), MOST_CHARACTERS));
    }
    int depth = bytePairs ? SplitDepth.of(text, pre) : 0;
    if (depth <= SHALLOW) {
      return call(text, parseSpecial);
    }
    return library
        .deepStack()
        .call(
            BASE_STACK + STACK_OF_LEVEL * depth,
            "a text with a run of %d characters without a break".formatted(depth),
            () -> call(text, parseSpecial));
  }

  private int[] call(String text, boolean parseSpecial) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment utf8 = arena.allocate(Math.max(1, bytes.length));
      MemorySegment.copy(bytes, 0, utf8, JAVA_BYTE, 0, bytes.length);
      int capacity = bytes.length + 8;
      MemorySegment ids = arena.allocate(JAVA_INT, capacity);
      int count = library.tokenize(vocab, utf8, bytes.length, ids, capacity, parseSpecial);
      if (count < 0) {
        capacity = -count;
        ids = arena.allocate(JAVA_INT, capacity);
        count = library.tokenize(vocab, utf8, bytes.length, ids, capacity, parseSpecial);
      }
      return ids.asSlice(0, (long) count * Integer.BYTES).toArray(JAVA_INT);
    }
  }
}

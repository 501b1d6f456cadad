package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.mneme.PrintableText;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the library's log to SLF4J, and keeps the last complaints: why a file was refused stands
 * only there.
 */
final class NativeLog {

  private static final Logger LOG = LoggerFactory.getLogger("dev.mneme.llamacpp.native");
  private static final int KEPT = 4;
  private static final int INFO = 2;
  private static final int WARN = 3;
  private static final int ERROR = 4;
  private static final int CONTINUATION = 5;

  private static final FunctionDescriptor CALLBACK =
      FunctionDescriptor.ofVoid(JAVA_INT, ADDRESS, ADDRESS);

  private final Deque<String> complaints = new ArrayDeque<>();
  private int lastLevel;

  /** Has the library call this from now on. */
  void listen(NativeFunctions functions) {
    MethodHandle set = functions.bind("llama_log_set", FunctionDescriptor.ofVoid(ADDRESS, ADDRESS));
    try {
      MethodHandle accept =
          MethodHandles.lookup()
              .findVirtual(NativeLog.class, "accept", CALLBACK.toMethodType())
              .bindTo(this);
      MemorySegment callback = Linker.nativeLinker().upcallStub(accept, CALLBACK, Arena.global());
      set.invokeExact(callback, MemorySegment.NULL);
    } catch (Throwable e) {
      throw LlamaLibrary.failed(e);
    }
  }

  /**
   * The callback, {@code (level, text, user data)}. An exception that left it would end the JVM, so
   * none does.
   */
  @SuppressWarnings({"unused", "CatchingUnchecked"}) // called from native code
  synchronized void accept(int level, MemorySegment text, MemorySegment userData) {
    try {
      // Lines quote the model's file, such as its tokens.
      String line =
          PrintableText.of(text.reinterpret(Integer.MAX_VALUE).getString(0).stripTrailing());
      int effective = level == CONTINUATION ? lastLevel : level;
      lastLevel = effective;
      if (line.isEmpty() || line.chars().allMatch(c -> c == '.')) {
        return;
      }
      switch (effective) {
        case ERROR -> LOG.error(line);
        case WARN -> warn(line);
        case INFO -> LOG.debug(line); // dozens of lines for each session
        default -> LOG.trace(line);
      }
      if (effective == ERROR) {
        complaints.addLast(line);
        if (complaints.size() > KEPT) {
          complaints.removeFirst();
        }
      }
    } catch (Throwable e) {
      // A log line is not worth the process.
    }
  }

  /**
   * The library warns of much that is as it should be: ids that end a generation, a context shorter
   * than the model's, memories without names of tokens. What makes a model's text worse it calls
   * so.
   */
  private static void warn(String line) {
    if (line.contains("DEGRADED") || line.contains("missing pre-tokenizer")) {
      LOG.warn(line);
    } else {
      LOG.info(line);
    }
  }

  /** The last complaints in one line, which are then forgotten. */
  synchronized String drain() {
    String joined = String.join("; ", complaints);
    complaints.clear();
    return joined;
  }
}

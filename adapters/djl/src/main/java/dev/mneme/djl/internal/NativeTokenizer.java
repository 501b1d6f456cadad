package dev.mneme.djl.internal;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.mneme.ClosedException;
import dev.mneme.FailureText;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.NativeLibraryException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A tokenizer of the Hugging Face tokenizers library, which gives the ids of a text and nothing
 * around them. Owns native memory, freed by closing.
 *
 * <p>Safe for several threads: the library encodes through a shared reference and locks its cache
 * itself; closing waits for calls that run. DJL's own class is passed by because it also makes
 * strings and offsets of every token.
 */
public final class NativeTokenizer implements AutoCloseable {

  private final String name;
  private final List<RunLimit> limits;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private long handle; // guarded by lock; 0 once closed

  private NativeTokenizer(String name, List<RunLimit> limits, long handle) {
    this.name = name;
    this.limits = limits;
    this.handle = handle;
  }

  /** Loaded or failed: the library's class can be initialised once. */
  private record Outcome(Optional<NativeLibraryException> failure) {

    static Outcome ofLoading() {
      try {
        LibraryLoading.load(
            "the Hugging Face tokenizers library",
            "tokenizers",
            () -> {
              LibUtils.checkStatus();
              return LibUtils.class;
            },
            () -> "");
        return new Outcome(Optional.empty());
      } catch (NativeLibraryException e) {
        return new Outcome(Optional.of(e));
      }
    }

    void require() {
      if (failure.isPresent()) {
        throw new NativeLibraryException(String.valueOf(failure.get().getMessage()), failure.get());
      }
    }
  }

  /** Loaded when first asked for. */
  private static final class Loaded {
    static final Outcome OUTCOME = Outcome.ofLoading();
  }

  /**
   * Makes a tokenizer.
   *
   * @param name where the description comes from, for messages
   * @param json a description in the library's format, well-formed in UTF-16
   * @param limits what a text must keep to, because the library panics where a regular expression
   *     steps back too often, and that ends the JVM
   * @throws MalformedFileException if the library refuses it
   * @throws NativeLibraryException if the library cannot be loaded
   */
  public static NativeTokenizer of(String name, String json, List<RunLimit> limits) {
    Loaded.OUTCOME.require();
    try {
      return new NativeTokenizer(
          name, List.copyOf(limits), TokenizersLibrary.LIB.createTokenizerFromString(json));
    } catch (RuntimeException e) {
      throw new MalformedFileException(
          "%s: the Hugging Face tokenizers library refuses it: %s"
              .formatted(name, FailureText.of(e)),
          e);
    }
  }

  /**
   * Ids of a text.
   *
   * @param text may hold lone surrogates, which are read as question marks, as everywhere in Java
   *     where text becomes UTF-8
   * @throws MnemeException if it has a run of characters on which the library might fail
   */
  public int[] encode(String text) {
    requireShortRuns(text);
    // One lone surrogate would make the binding misread every other character beyond U+FFFF.
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    String wellFormed = new String(utf8, StandardCharsets.UTF_8);
    lock.readLock().lock();
    try {
      if (handle == 0) {
        throw new ClosedException("the tokenizer of " + name + " is closed");
      }
      long encoding =
          TokenizersLibrary.LIB.encode(handle, wellFormed, /* addSpecialTokens= */ false);
      try {
        return toInts(TokenizersLibrary.LIB.getTokenIds(encoding));
      } finally {
        TokenizersLibrary.LIB.deleteEncoding(encoding);
      }
    } finally {
      lock.readLock().unlock();
    }
  }

  private void requireShortRuns(String text) {
    for (RunLimit limit : limits) {
      OptionalInt at = limit.exceededAt(text);
      if (at.isPresent()) {
        throw new MnemeException(
            "the text has more than %d %s in a row up to character %d, too many for the tokenizer of %s; shorten the run"
                .formatted(limit.longest(), limit.describe(), at.getAsInt(), name));
      }
    }
  }

  private static int[] toInts(long[] ids) {
    int[] ints = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      ints[i] = Math.toIntExact(ids[i]);
    }
    return ints;
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (handle != 0) {
        TokenizersLibrary.LIB.deleteTokenizer(handle);
        handle = 0;
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}

package dev.mneme.store.fuzz;

import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.util.List;

/**
 * A reader of one file format. Used by one thread.
 *
 * <p>What is right differs by format only in {@link #read}; what is wrong for all of them, any
 * other exception, an error, too much memory or time, {@link Fuzzer} judges.
 */
public interface FuzzTarget extends AutoCloseable {

  /** What the format is called in reports. */
  String name();

  /** Valid files, at least one: every damaged input begins as one of them. */
  List<byte[]> seeds();

  /** How much memory reading may take. */
  AllocationBound bound();

  /** A damaged file; by default bytes anywhere in a seed are damaged. */
  default byte[] damage(Draw draw) {
    return new ByteDamage(draw, seeds()).apply();
  }

  /** Puts the input where {@link #read} finds it; not measured. */
  default void place(byte[] input) throws IOException {}

  /**
   * Reads the input as an application would.
   *
   * @throws MnemeException if the reader refuses it
   * @throws AssertionError if the reader accepts it and gives something that is not in it
   */
  void read(byte[] input) throws IOException;

  /** Whether this is the exception by which the reader should refuse. */
  default boolean isRefusal(MnemeException exception) {
    return exception instanceof MalformedFileException;
  }

  @Override
  default void close() throws IOException {}
}

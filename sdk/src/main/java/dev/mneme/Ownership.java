package dev.mneme;

import com.google.common.collect.MapMaker;
import java.util.concurrent.ConcurrentMap;

/**
 * Which hosts and memories a model owns. Closing is the owner's, so nothing may have two; and what
 * an owner has closed cannot come back. Applications bring objects of their own classes, so this is
 * noted here for the whole process, by identity, until an object is garbage.
 */
final class Ownership {

  private enum State {
    OWNED,
    CLOSED
  }

  private static final ConcurrentMap<AutoCloseable, State> STATES =
      new MapMaker().weakKeys().makeMap();

  private Ownership() {}

  /**
   * Takes what nobody owns.
   *
   * @param what it is, for messages
   * @throws IllegalArgumentException if a model owns it
   * @throws ClosedException if a model owned and closed it
   */
  static void claim(AutoCloseable resource, String what) {
    State before = STATES.putIfAbsent(resource, State.OWNED);
    if (before == State.OWNED) {
      throw new IllegalArgumentException(
          what + " is owned by a model already, which will close it; open it a second time");
    }
    if (before == State.CLOSED) {
      throw new ClosedException(
          what + " is closed, as its model has let go of it; open it again to use it again");
    }
  }

  /** Its owner closes it. */
  static void closing(AutoCloseable resource) {
    STATES.put(resource, State.CLOSED);
  }
}

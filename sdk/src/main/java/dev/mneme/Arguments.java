package dev.mneme;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Checks of what callers pass in. */
final class Arguments {

  private Arguments() {}

  /**
   * The value itself.
   *
   * @param name of the argument, for the message
   * @throws IllegalArgumentException if it is null
   */
  static <T> T present(@Nullable T value, String name) {
    if (value == null) {
      throw new IllegalArgumentException(name + " must not be null");
    }
    return value;
  }

  /**
   * The values themselves.
   *
   * @throws IllegalArgumentException if they or one of them is null
   */
  static <C extends Collection<?>> C noneNull(@Nullable C values, String name) {
    C given = present(values, name);
    for (Object value : given) {
      present(value, "an element of " + name);
    }
    return given;
  }

  /**
   * Throws unless all ids are below a width.
   *
   * @param owner what the ids are for, for the message
   * @throws IllegalArgumentException naming the first id outside the range and its position
   */
  static void ids(int[] ids, int width, String owner) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= width) {
        throw new IllegalArgumentException(
            "token id %d at position %d is outside [0, %d) of %s"
                .formatted(ids[i], i, width, owner));
      }
    }
  }
}

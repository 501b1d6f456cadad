package dev.mneme.trainer.recipe;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Describes a setting of a recipe. Reading, checking, the help text and the report all follow from
 * it, so they cannot drift apart.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
@interface Setting {

  /** What it does, in a few words and with its unit. */
  String about();

  /**
   * Allowed numbers as an {@link Interval}, such as {@code (0, 1]}; of a list, how many elements.
   * Empty where every value will do.
   */
  String range() default "";

  /** Allowed numbers as an {@link Interval}, each of a list's elements. */
  String each() default "";

  /** Its value as JSON where a recipe leaves it out; empty where it must be given. */
  String byDefault() default "";
}

package dev.mneme.store.packs;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Starts programs of these tests in a JVM of their own. */
final class OtherJvm {

  private OtherJvm() {}

  /**
   * Starts a class with a main method.
   *
   * @param log gets all that it prints
   */
  static Process start(Class<?> program, Path log, Object... arguments) throws IOException {
    return start(program, log, Map.of(), arguments);
  }

  /** As {@link #start(Class, Path, Object...)}, with more variables in the environment. */
  static Process start(
      Class<?> program, Path log, Map<String, String> environment, Object... arguments)
      throws IOException {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                program.getName()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().remove("MNEME_SIGNATURES");
    builder.environment().putAll(environment);
    return builder.start();
  }
}

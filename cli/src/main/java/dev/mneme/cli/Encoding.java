package dev.mneme.cli;

import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * What the locale makes of arguments. The JVM decodes them before any of this runs, and puts U+FFFD
 * where bytes are no characters of the locale's encoding.
 */
final class Encoding {

  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline"); // Linux

  private Encoding() {}

  /**
   * Throws if the locale has damaged an argument.
   *
   * @throws MnemeException naming the variable that helps
   */
  static void requireWhole(String... args) {
    require(System.getProperty("sun.jnu.encoding", "unknown"), commandLine(), args);
  }

  static void require(String encoding, Optional<byte[]> commandLine, String... args) {
    boolean damaged =
        Arrays.stream(args).anyMatch(arg -> arg.indexOf('\uFFFD') >= 0)
            && !(encoding.equalsIgnoreCase("UTF-8")
                && commandLine.map(Encoding::isUtf8).orElse(true));
    if (damaged) {
      throw new MnemeException(
          "an argument has bytes that are no characters in this locale's encoding, %s; set LC_ALL to a UTF-8 locale, as LC_ALL=C.UTF-8, and write arguments in UTF-8"
              .formatted(encoding));
    }
  }

  private static Optional<byte[]> commandLine() {
    try {
      return Optional.of(Files.readAllBytes(COMMAND_LINE));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static boolean isUtf8(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}

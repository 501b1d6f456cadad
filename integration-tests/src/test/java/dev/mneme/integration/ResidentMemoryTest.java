package dev.mneme.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mneme.store.ClassPathModels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stays with a process after calls with a memory attached: its memory and its log. */
class ResidentMemoryTest {

  private static final Pattern MEGABYTES = Pattern.compile("first (\\d+) last (\\d+)");
  private static final int CALLS = 80;

  /** Without measures of ours, glibc keeps about 6 MB of each call's buffers. */
  private static final int MOST_GROWTH = 150;

  @TempDir private Path directory;

  @Test
  void callsLeaveNeitherNativeMemoryNorWarnings() throws Exception {
    assumeTrue(Files.exists(Path.of("/proc/self/status")), "resident memory is read from /proc");
    Path log = directory.resolve("log");
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx128m",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"));
    String library = System.getProperty("mneme.llama.library");
    if (library != null) {
      command.add("-Dmneme.llama.library=" + library);
    }
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            Path.of("cases-java/Memory.java").toString(),
            ClassPathModels.here().host("host-3m").toString(),
            ClassPathModels.here().pack("law").directory().toString(),
            "in turn",
            Integer.toString(CALLS),
            "1"));
    Process process = new ProcessBuilder(command).redirectError(log.toFile()).start();
    String said =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    Matcher found = MEGABYTES.matcher(said);
    assertThat(found.matches()).as("%s %s", said, Files.readString(log)).isTrue();
    assertThat(Integer.parseInt(found.group(2)))
        .isLessThan(Integer.parseInt(found.group(1)) + MOST_GROWTH);
    assertThat(Files.readString(log)).doesNotContain("WARN ").doesNotContain("ERROR ");
  }
}

package dev.mneme.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program and its launcher as processes of their own, in other locales and accounts. */
class EnvironmentTest {

  private static final Path LAUNCHER = Path.of("../cli/src/main/sh/launch.sh").toAbsolutePath();

  @TempDir private Path directory;

  private record Outcome(int code, String text) {}

  @BeforeEach
  void runsOnLinux() {
    assumeThat(Path.of("/proc/self/cmdline")).exists();
  }

  private Outcome run(Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    var builder = new ProcessBuilder(command).directory(directory.toFile());
    Path out = directory.resolveSibling(directory.getFileName() + ".out");
    builder.redirectErrorStream(true).redirectOutput(out.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
    builder.environment().putAll(environment);
    int code = builder.start().waitFor();
    String text = Files.readString(out, StandardCharsets.UTF_8);
    Files.delete(out);
    return new Outcome(code, text);
  }

  private Outcome mneme(Map<String, String> environment, List<String> flags, String... arguments)
      throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
    command.addAll(flags);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add("dev.mneme.cli.Mneme");
    command.addAll(Arrays.asList(arguments));
    return run(environment, command);
  }

  /** Bytes of UTF-8 as they are, whatever the locale of this JVM makes of them. */
  private static List<String> shell(String script) {
    return List.of("bash", "-c", "set -eu; " + script);
  }

  @Test
  void anArgumentThatTheLocaleDamagesIsRefusedWithTheVariableThatHelps()
      throws IOException, InterruptedException {
    String java = Path.of(System.getProperty("java.home"), "bin/java").toString();
    String command =
        "exec %s -cp \"$CP\" dev.mneme.cli.Mneme inspect \"$(printf '\\303\\251.gguf')\""
            .formatted(java);
    Outcome outcome =
        run(Map.of("LC_ALL", "C", "CP", System.getProperty("java.class.path")), shell(command));
    assertThat(outcome.code()).as(outcome.text()).isEqualTo(2);
    assertThat(outcome.text()).startsWith("error: ").contains("LC_ALL=C.UTF-8");
  }

  @Test
  void argumentsInAFileLoseItsByteOrderMark() throws IOException, InterruptedException {
    Files.writeString(
        directory.resolve("args"), "\uFEFFinspect # what to do\n\"none of this name.gguf\"");
    Outcome outcome = mneme(Map.of(), List.of(), "@args");
    assertThat(outcome.code()).as(outcome.text()).isEqualTo(1);
    assertThat(outcome.text()).contains("no such file or folder: none of this name.gguf");
    assertThat(mneme(Map.of(), List.of(), "inspect", "@@args").text()).contains(": @args");
    assertThat(mneme(Map.of(), List.of(), "inspect", "@none").text()).contains(": @none");
  }

  @Test
  void anAccountWithoutAHomeFolderLeavesNothingInTheWorkingFolder()
      throws IOException, InterruptedException {
    Outcome outcome =
        mneme(
            Map.of("MNEME_HOME", ""),
            List.of("-Duser.home=?"),
            "eval",
            "--host",
            "host-3m",
            "--text",
            "none.txt");
    assertThat(outcome.code()).as(outcome.text()).isEqualTo(1);
    outcome = mneme(Map.of("MNEME_HOME", ""), List.of("-Duser.home=?"), "inspect", "host-3m");
    assertThat(outcome.code()).as(outcome.text()).isEqualTo(1);
    assertThat(outcome.text()).startsWith("error: ").contains("MNEME_HOME");
    assertThat(directory).isEmptyDirectory();
  }

  private String localeOf(Map<String, String> environment)
      throws IOException, InterruptedException {
    String script = "checkout=.; source '%s'; use_utf8_locale; locale charmap".formatted(LAUNCHER);
    return run(environment, shell(script)).text().strip().lines().reduce((a, b) -> b).orElse("");
  }

  @Test
  void theLauncherTakesAUtf8LocaleWhereThereIsNone() throws IOException, InterruptedException {
    assumeThat(run(Map.of("LC_ALL", "C.UTF-8"), shell("locale charmap")).text()).contains("UTF-8");
    assertThat(localeOf(Map.of())).isEqualTo("UTF-8");
    assertThat(localeOf(Map.of("LC_ALL", "C"))).isEqualTo("UTF-8");
    assertThat(localeOf(Map.of("LC_ALL", "POSIX", "LANG", "C.UTF-8"))).isEqualTo("UTF-8");
    assertThat(localeOf(Map.of("LANG", "xx_YY.UTF-8"))).isEqualTo("UTF-8");
    assertThat(localeOf(Map.of("LC_ALL", "C.UTF-8"))).isEqualTo("UTF-8");
  }

  @Test
  void theLauncherNeedsNoHomeFolder() throws IOException, InterruptedException {
    String script = "unset HOME; checkout=.; source '%s'; find_jdk".formatted(LAUNCHER);
    Outcome outcome = run(Map.of("JDK25_HOME", System.getProperty("java.home")), shell(script));
    assertThat(outcome.code()).as(outcome.text()).isZero();
  }
}

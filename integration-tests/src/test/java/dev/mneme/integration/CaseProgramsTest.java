package dev.mneme.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs of {@code cases-java}, which are run from source, against the API as it is now. */
class CaseProgramsTest {

  private static final Path FOLDER = Path.of("cases-java");

  @TempDir private Path classes;

  @Test
  void everyProgramCompilesAgainstThePublicApi() throws IOException {
    List<Path> programs;
    try (Stream<Path> files = Files.list(FOLDER)) {
      programs = files.sorted().toList();
    }
    assertThat(programs).hasSize(15);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    for (Path program : programs) {
      var messages = new StringWriter();
      Path target = Files.createDirectory(classes.resolve(program.getFileName()));
      try (StandardJavaFileManager manager =
          compiler.getStandardFileManager(null, Locale.ROOT, null)) {
        List<String> options =
            List.of("-d", target.toString(), "-cp", System.getProperty("java.class.path"));
        boolean compiled =
            compiler
                .getTask(
                    messages, manager, null, options, null, manager.getJavaFileObjects(program))
                .call();
        assertThat(compiled).as("%s: %s", program, messages).isTrue();
      }
    }
  }
}

package dev.mneme.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mneme.cli.Mneme;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import picocli.CommandLine;

/** Runs commands as a user types them, inside the test. */
final class Commands {

  record Outcome(int code, String out, String err) {

    JsonNode json() throws IOException {
      assertThat(code).as(err).isZero();
      return new ObjectMapper().readTree(out);
    }
  }

  private Commands() {}

  static Outcome run(Object... arguments) {
    return run(CommandLine.Help.Ansi.OFF, arguments);
  }

  static Outcome run(CommandLine.Help.Ansi ansi, Object... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    CommandLine command =
        Mneme.commandLine()
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .setColorScheme(CommandLine.Help.defaultColorScheme(ansi));
    int code =
        command.execute(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
    return new Outcome(code, out.toString(), err.toString());
  }
}

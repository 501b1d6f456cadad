package dev.mneme.cli;

import com.google.common.base.Preconditions;
import com.google.common.base.Throwables;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.PrintableText;
import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Entry point. Exit codes: 0 done, 1 failed with one {@code error:} line, 2 wrong usage. */
@Command(
    name = "mneme",
    mixinStandardHelpOptions = true,
    version = "mneme 0.1.0-SNAPSHOT",
    description = "Adds a pretrained, swappable memory to a frozen language model.",
    subcommands = {
      DemoCommand.class,
      GenerateCommand.class,
      EvalCommand.class,
      ConvertCommand.class,
      ImportCommand.class,
      InspectCommand.class,
      PackCommand.class,
      TrainCommand.class,
      DoctorCommand.class,
      CommandLine.HelpCommand.class,
    })
public final class Mneme implements Runnable {

  /**
   * Which logins Java does not send to a proxy for https. By default these are the ones that all
   * proxies understand; here the user names the proxy and the password, so they may be sent.
   */
  private static final String TUNNEL_SCHEMES = "jdk.http.auth.tunneling.disabledSchemes";

  @Spec private CommandSpec spec;

  @SuppressWarnings("NullAway.Init") // picocli sets the annotated field before run
  private Mneme() {}

  /** Runs one command and exits. */
  public static void main(String[] args) {
    if (System.getProperty(TUNNEL_SCHEMES) == null) {
      System.setProperty(TUNNEL_SCHEMES, "");
    }
    CommandLine command = commandLine();
    int code;
    try {
      Encoding.requireWhole(args);
      code = command.execute(ArgumentFiles.expand(args));
    } catch (MnemeException e) { // of the arguments themselves
      command.getErr().println("error: " + message(e));
      code = CommandLine.ExitCode.USAGE;
    }
    System.exit(code);
  }

  /** The command line, for running it inside a test with its own streams. */
  public static CommandLine commandLine() {
    CommandLine command =
        new CommandLine(new Mneme())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setExpandAtFiles(false) // main has done it
            .setParameterExceptionHandler((wrong, arguments) -> pointToHelp(wrong))
            .setExecutionExceptionHandler(Mneme::report);
    TrainCommand.describeRecipes(Preconditions.checkNotNull(command.getSubcommands().get("train")));
    return command;
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "expected a command: demo, generate, eval, convert, import, inspect, pack, train or doctor");
  }

  /** One line, as the usage is so long that it would hide what is wrong. */
  private static int pointToHelp(ParameterException wrong) {
    CommandLine command = wrong.getCommandLine();
    String message = String.valueOf(wrong.getMessage()).strip().replaceAll("\\s*\\R\\s*", " ");
    command
        .getErr()
        .printf(
            "error: %s (%s --help shows the usage)%n",
            PrintableText.of(message), command.getCommandSpec().qualifiedName());
    return CommandLine.ExitCode.USAGE;
  }

  /** A path that the locale cannot write is no mistake of the path. */
  private static String localeHint(Exception failure) {
    String encoding = System.getProperty("sun.jnu.encoding", "unknown");
    return failure instanceof InvalidPathException && !encoding.equalsIgnoreCase("UTF-8")
        ? "; this locale's encoding is %s, set LC_ALL to a UTF-8 locale, as LC_ALL=C.UTF-8"
            .formatted(encoding)
        : "";
  }

  /** One line for what a user can mend; the whole trace for what only we can. */
  private static int report(
      Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
    PrintWriter err = command.getErr();
    if (failure instanceof MnemeException || failure instanceof IllegalArgumentException) {
      err.println("error: " + message(failure) + localeHint(failure));
    } else {
      err.println("error: this is a defect of Mneme, please report it: " + FailureText.of(failure));
      Throwables.getStackTraceAsString(failure)
          .lines()
          .forEach(line -> err.println(PrintableText.of(line)));
    }
    return failure instanceof IllegalArgumentException // an option's value out of its range
        ? CommandLine.ExitCode.USAGE
        : CommandLine.ExitCode.SOFTWARE;
  }

  /** A message of ours is escaped already, and may have several lines. */
  private static String message(Exception failure) {
    return failure instanceof MnemeException
        ? String.valueOf(failure.getMessage())
        : PrintableText.of(String.valueOf(failure.getMessage()));
  }
}

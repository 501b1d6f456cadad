package dev.mneme.cli;

import com.google.common.base.Preconditions;
import com.google.common.base.Throwables;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.PrintableText;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine;

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
    System.exit(commandLine().execute(args));
  }

  /** The command line, for running it inside a test with its own streams. */
  public static CommandLine commandLine() {
    CommandLine command =
        new CommandLine(new Mneme())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setExecutionExceptionHandler(Mneme::report);
    CommandLine.IParameterExceptionHandler usual = command.getParameterExceptionHandler();
    command.setParameterExceptionHandler(
        (wrong, arguments) ->
            wrong.getCommandLine().getCommand() instanceof TrainCommand
                ? pointToHelp(wrong)
                : usual.handleParseException(wrong, arguments));
    TrainCommand.describeRecipes(Preconditions.checkNotNull(command.getSubcommands().get("train")));
    return command;
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "say what to do: demo, generate, eval, convert, import, inspect, pack, train or doctor");
  }

  /** Where the usage is so long that it would hide what is wrong. */
  private static int pointToHelp(ParameterException wrong) {
    PrintWriter err = wrong.getCommandLine().getErr();
    err.println(PrintableText.of(String.valueOf(wrong.getMessage())));
    err.println("Try: " + wrong.getCommandLine().getCommandSpec().qualifiedName() + " --help");
    return CommandLine.ExitCode.USAGE;
  }

  /** One line for what a user can mend; the whole trace for what only we can. */
  private static int report(
      Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
    PrintWriter err = command.getErr();
    if (failure instanceof MnemeException || failure instanceof IllegalArgumentException) {
      err.println("error: " + message(failure));
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

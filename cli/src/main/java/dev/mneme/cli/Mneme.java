package dev.mneme.cli;

import com.google.common.base.Preconditions;
import dev.mneme.MnemeException;
import java.io.PrintWriter;
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

  @Spec private CommandSpec spec;

  @SuppressWarnings("NullAway.Init") // picocli sets the annotated field before run
  private Mneme() {}

  /** Runs one command and exits. */
  public static void main(String[] args) {
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
    err.println(wrong.getMessage());
    err.println("Try: " + wrong.getCommandLine().getCommandSpec().qualifiedName() + " --help");
    return CommandLine.ExitCode.USAGE;
  }

  /** One line for what a user can mend; the whole trace for what only we can. */
  private static int report(
      Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
    PrintWriter err = command.getErr();
    if (failure instanceof MnemeException || failure instanceof IllegalArgumentException) {
      err.println("error: " + failure.getMessage());
    } else {
      err.println("error: this is a defect of Mneme, please report it: " + failure);
      failure.printStackTrace(err);
    }
    return failure instanceof IllegalArgumentException // an option's value out of its range
        ? CommandLine.ExitCode.USAGE
        : CommandLine.ExitCode.SOFTWARE;
  }
}

package dev.mneme.cli;

import java.io.IOException;
import java.io.StreamTokenizer;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Arguments that are kept in files: {@code @FILE} stands for the arguments in FILE, which blanks
 * and line ends separate; quotes keep blanks, {@code #} begins a comment. {@code @@TEXT} stands for
 * {@code @TEXT}; where there is no such file, the argument is itself.
 */
final class ArgumentFiles {

  private ArgumentFiles() {}

  static String[] expand(String... args) {
    var all = new ArrayList<String>();
    for (String arg : args) {
      if (arg.startsWith("@@")) {
        all.add(arg.substring(1));
      } else if (arg.startsWith("@") && isFile(arg.substring(1))) {
        all.addAll(arguments(TextFile.read(Path.of(arg.substring(1)))));
      } else {
        all.add(arg);
      }
    }
    return all.toArray(String[]::new);
  }

  private static boolean isFile(String name) {
    try {
      return !name.isEmpty() && Files.isRegularFile(Path.of(name));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static List<String> arguments(String text) {
    var tokens = new StreamTokenizer(new StringReader(text));
    tokens.resetSyntax();
    tokens.wordChars(' ', Character.MAX_VALUE);
    tokens.whitespaceChars(0, ' ');
    tokens.quoteChar('"');
    tokens.quoteChar('\'');
    tokens.commentChar('#');
    var arguments = new ArrayList<String>();
    try {
      while (tokens.nextToken() != StreamTokenizer.TT_EOF) {
        arguments.add(tokens.sval);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a StringReader throws none
    }
    return arguments;
  }
}

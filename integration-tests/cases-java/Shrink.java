import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MnemeException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.FutureTask;

/**
 * Changes the file of an open host during generations: "shorten", or "overwrite" with zeros of the
 * same length and date. Prints "unharmed", "typed: MESSAGE" or "silently other". Arguments: HOST
 * COPY CHANGE MILLIS; COPY is made and opened.
 */
public class Shrink {
  public static void main(String[] args) throws Exception {
    Path copy = Path.of(args[1]);
    Files.copy(Path.of(args[0]), copy, StandardCopyOption.REPLACE_EXISTING);
    GenerationRequest request =
        GenerationRequest.ofIds(1, 2, 3).withMaxTokens(200).withStopAtEnd(false);
    try (var model = MemoryAugmentedModel.over(HostLoader.open(copy))) {
      String expected = model.generate(request).text();
      var change =
          new FutureTask<Void>(
              () -> {
                Thread.sleep(Long.parseLong(args[3]));
                change(copy, args[2]);
                return null;
              });
      Thread.ofPlatform().start(change);
      String found = expected;
      for (int i = 0; i < 100 && found.equals(expected); i++) {
        found = model.generate(request).text();
      }
      change.get();
      System.out.println(
          found.equals(expected)
              ? "unharmed"
              : "silently other: " + found.length() + " characters");
    } catch (MnemeException e) {
      System.out.println("typed: " + e.getMessage());
    }
  }

  private static void change(Path file, String how) throws IOException {
    if (how.equals("shorten")) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(4096);
      }
      return;
    }
    FileTime date = Files.getLastModifiedTime(file);
    Files.write(file, new byte[(int) Files.size(file)], StandardOpenOption.WRITE);
    Files.setLastModifiedTime(file, date);
  }
}

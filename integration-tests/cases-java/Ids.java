import dev.mneme.HostLoader;
import dev.mneme.HostModel;
import dev.mneme.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;

/** Prints the ids that each text becomes as a prompt. Arguments: HOST TEXT... */
public class Ids {
  public static void main(String[] args) {
    try (HostModel host = HostLoader.open(Path.of(args[0]))) {
      Tokenizer tokenizer = host.tokenizer();
      Arrays.stream(args).skip(1).map(tokenizer::encode).map(Arrays::toString).forEach(System.out::println);
    }
  }
}

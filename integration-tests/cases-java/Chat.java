import dev.mneme.llamacpp.ChatMessage;
import dev.mneme.llamacpp.LlamaCppHost;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Prints a conversation as the host's template writes it, and its ids. Arguments: HOST ROLE CONTENT
 * [ROLE CONTENT]...; {@code \0} in a content stands for the character 0.
 */
public class Chat {
  public static void main(String[] args) {
    List<ChatMessage> messages = new ArrayList<>();
    for (int turn = 1; turn + 1 < args.length; turn += 2) {
      messages.add(new ChatMessage(args[turn], args[turn + 1].replace("\\0", "\0")));
    }
    try (LlamaCppHost host = LlamaCppHost.open(Path.of(args[0]))) {
      String prompt = host.formatChat(messages, true);
      System.out.println(prompt.replace("\n", "\\n").replace("\0", "\\0"));
      System.out.println(Arrays.toString(host.tokenizer().encode(prompt)));
    }
  }
}

import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MnemeException;
import dev.mneme.store.MemoryLoader;
import dev.mneme.store.MemoryPack;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Changes a file of a pack after the pack was opened, loads the memory, and puts the file back.
 * Arguments: HOST PACK weights, which sets all weights to 0, or HOST PACK FILE FIND REPLACE
 */
public class Poison {
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[1]);
    try (var model = MemoryAugmentedModel.over(HostLoader.open(Path.of(args[0])))) {
      MemoryPack pack = MemoryPack.open(folder);
      boolean weights = args[2].equals("weights");
      Path file = folder.resolve(weights ? "model.safetensors" : args[2]);
      byte[] original = Files.readAllBytes(file);
      Files.write(file, weights ? withoutWeights(original) : replaced(original, args[3], args[4]));
      try {
        model.attach(MemoryLoader.open(pack, model.host()), LambdaPolicy.fixed(1));
        String text = model.generate(GenerationRequest.of("The court").withMaxTokens(8)).text();
        System.out.println("accepted: " + text);
      } catch (MnemeException e) {
        System.out.println("typed: " + e.getMessage());
      } finally {
        Files.write(file, original);
      }
    }
  }

  private static byte[] replaced(byte[] original, String find, String replacement) {
    String text = new String(original, StandardCharsets.UTF_8);
    return text.replace(find, replacement).getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] withoutWeights(byte[] original) {
    byte[] changed = original.clone();
    long header = ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    Arrays.fill(changed, (int) (Long.BYTES + header), changed.length, (byte) 0);
    return changed;
  }
}

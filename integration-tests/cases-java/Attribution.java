import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mneme.GenerationRequest;
import dev.mneme.HostLoader;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.store.MemoryLoader;
import java.nio.file.Path;

/**
 * Prints a generation, or a score, as a plain Jackson mapper writes it. Arguments: HOST MEMORY
 * [score]
 */
public class Attribution {
  private static final String TEXT = "The court held";

  public static void main(String[] args) throws Exception {
    ObjectMapper mapper =
        JsonMapper.builder()
            .disable(MapperFeature.REQUIRE_HANDLERS_FOR_JAVA8_OPTIONALS)
            .disable(MapperFeature.REQUIRE_HANDLERS_FOR_JAVA8_TIMES)
            .build();
    try (var model = MemoryAugmentedModel.over(HostLoader.open(Path.of(args[0])))) {
      model.attach(MemoryLoader.open(Path.of(args[1]), model.host()), LambdaPolicy.fixed(0.5));
      boolean score = args.length == 3;
      System.out.println(
          mapper.writeValueAsString(
              score ? model.score(TEXT) : model.generate(GenerationRequest.of(TEXT).withMaxTokens(3))));
    }
  }
}

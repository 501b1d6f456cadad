package dev.mneme.store.safetensors;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mneme.store.fuzz.AllocationBound;
import dev.mneme.store.fuzz.Draw;
import dev.mneme.store.fuzz.FileTarget;
import dev.mneme.store.fuzz.JsonDamage;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/** {@code model.safetensors.index.json} beside two shards that are as they should be. */
public final class IndexTarget extends FileTarget {

  private static final List<byte[]> SEEDS =
      List.of(
          """
          {"metadata":{"total_size":96},"weight_map":{"a":"model-1.safetensors",\
          "b":"model-1.safetensors","c":"model-2.safetensors"}}\
          """
              .getBytes(UTF_8),
          "{\"weight_map\":{\"c\":\"model-2.safetensors\"}}".getBytes(UTF_8));

  public IndexTarget() throws IOException {
    super("safetensors-index", "model.safetensors.index.json", AllocationBound.JSON);
    Files.write(
        folder().resolve("model-1.safetensors"),
        shard(
            """
            {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},\
            "b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}\
            """,
            11));
    Files.write(
        folder().resolve("model-2.safetensors"),
        shard("{\"c\":{\"dtype\":\"F16\",\"shape\":[1,2],\"data_offsets\":[0,4]}}", 4));
  }

  private static byte[] shard(String header, int dataBytes) {
    return SafeTensorsTarget.file(header.getBytes(UTF_8), dataBytes);
  }

  @Override
  public List<byte[]> seeds() {
    return SEEDS;
  }

  @Override
  public byte[] damage(Draw draw) {
    return new JsonDamage(draw, seeds()).apply();
  }

  @Override
  public void read(byte[] input) {
    try (ShardedSafeTensors model = ShardedSafeTensors.open(path())) {
      model.tensors().keySet().forEach(model::data);
    }
  }
}

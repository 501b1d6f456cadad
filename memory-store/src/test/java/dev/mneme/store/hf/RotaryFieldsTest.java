package dev.mneme.store.hf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MalformedFileException;
import dev.mneme.store.hf.Rotary.Rotation;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the base and the scaling of rotary frequencies may stand, in every family. */
class RotaryFieldsTest {

  @TempDir private Path directory;

  private HuggingFaceConfig read(String family, Consumer<ObjectNode> edit) {
    return SmallConfig.read(directory, family, edit);
  }

  private Rotation rotation(String family, Consumer<ObjectNode> edit) {
    Rotary rotary = read(family, edit).shape().rotary().orElseThrow();
    assertThat(rotary.windowed()).isEqualTo(rotary.full());
    return rotary.full();
  }

  private void refuses(String family, Consumer<ObjectNode> edit, String... words) {
    assertThatThrownBy(() -> read(family, edit))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll(words);
  }

  private static Rotation plain(double theta) {
    return new Rotation(theta, new RopeScaling.None());
  }

  private static ObjectNode block(ObjectNode config, String name, String type) {
    return config.putObject(name).put("rope_type", type);
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "mistral", "qwen2", "qwen3"})
  void aBlockWithoutBaseTakesTheOneAtTheTop(String family) {
    assertThat(
            rotation(family, c -> block(c.put("rope_theta", 50_000), "rope_parameters", "default")))
        .isEqualTo(plain(50_000));
    assertThat(rotation(family, c -> block(c.put("rope_theta", 50_000), "rope_scaling", "default")))
        .isEqualTo(plain(50_000));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "mistral", "qwen2", "qwen3", "gpt_neox"})
  void aBaseInTheOlderBlockCounts(String family) {
    assertThat(rotation(family, c -> block(c, "rope_scaling", "default").put("rope_theta", 50_000)))
        .isEqualTo(plain(50_000));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "mistral", "qwen2", "qwen3"})
  void theOlderBlockCountsAloneWhereBothAreThere(String family) {
    assertThat(
            rotation(
                family,
                c -> {
                  c.put("rope_theta", 50_000);
                  block(c, "rope_scaling", "linear").put("factor", 2);
                  block(c, "rope_parameters", "default").put("rope_theta", 10_000);
                }))
        .isEqualTo(new Rotation(50_000, new RopeScaling.Linear(2)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "mistral", "qwen2", "qwen3", "gpt_neox"})
  void anEmptyOlderBlockDoesNotCount(String family) {
    assertThat(
            rotation(
                family,
                c -> {
                  c.putObject("rope_scaling");
                  block(c, "rope_parameters", "linear").put("factor", 2).put("rope_theta", 77);
                }))
        .isEqualTo(new Rotation(77, new RopeScaling.Linear(2)));
  }

  @Test
  void aBaseInTheBlockCountsBeforeTheOneAtTheTop() {
    assertThat(
            rotation(
                "llama",
                c ->
                    block(c.put("rope_theta", 50_000), "rope_parameters", "default")
                        .put("rope_theta", 77)))
        .isEqualTo(plain(77));
  }

  @Test
  void aBlockWithoutTypeIsOfTheDefaultType() {
    assertThat(rotation("llama", c -> c.putObject("rope_scaling").put("rope_theta", 77)))
        .isEqualTo(plain(77));
  }

  @Test
  void theNewerNameOfTheTypeCountsBeforeTheOlder() {
    assertThat(
            rotation(
                "llama",
                c -> block(c, "rope_scaling", "linear").put("type", "dynamic").put("factor", 2)))
        .isEqualTo(new Rotation(10_000, new RopeScaling.Linear(2)));
  }

  @Test
  void dynamicScalingChangesNothingWithinTheContext() {
    assertThat(rotation("qwen2", c -> block(c, "rope_scaling", "dynamic").put("factor", 2)))
        .isEqualTo(plain(10_000));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "mistral", "qwen2", "qwen3", "gpt_neox"})
  void yarnTakesItsMagnitudeFromItsFactor(String family) {
    var yarn =
        (RopeScaling.Yarn)
            rotation(
                    family,
                    c ->
                        block(c, "rope_scaling", "yarn")
                            .put("factor", 4)
                            .put("original_max_position_embeddings", 64))
                .scaling();
    assertThat(yarn.factor()).isEqualTo(4);
    assertThat(yarn.originalContext()).isEqualTo(64);
    assertThat(yarn.ramp()).isEqualTo(new RopeScaling.Yarn.Ramp(32, 1, true));
    assertThat(yarn.magnitude()).isCloseTo(1.138629436, within(1e-9));
  }

  @Test
  void yarnTakesItsMagnitudeFromTwoFieldsOrFromOne() {
    Consumer<ObjectNode> two =
        c ->
            block(c, "rope_scaling", "yarn")
                .put("factor", 40)
                .put("mscale", 1.0)
                .put("mscale_all_dim", 0.5);
    assertThat(rotation("llama", two).scaling().magnitude()).isCloseTo(1.1557219902, within(1e-9));
    assertThat(
            rotation(
                    "llama",
                    c ->
                        block(c, "rope_scaling", "yarn")
                            .put("factor", 40)
                            .put("attention_factor", 1.5))
                .scaling()
                .magnitude())
        .isEqualTo(1.5);
  }

  @Test
  void theOriginalContextAtTheTopCountsBeforeTheBlocks() {
    assertThat(
            rotation(
                    "llama",
                    c -> {
                      c.put("original_max_position_embeddings", 32);
                      block(c, "rope_scaling", "yarn")
                          .put("factor", 4)
                          .put("original_max_position_embeddings", 64);
                    })
                .scaling())
        .extracting(scaling -> ((RopeScaling.Yarn) scaling).originalContext())
        .isEqualTo(32);
    assertThat(rotation("llama", c -> block(c, "rope_scaling", "yarn").put("factor", 4)).scaling())
        .extracting(scaling -> ((RopeScaling.Yarn) scaling).originalContext())
        .isEqualTo(256);
  }

  @Test
  void longRopeEndsWhereItsShortFactorsDo() {
    HuggingFaceConfig config =
        read("llama", c -> longRope(c.put("original_max_position_embeddings", 64), 8));
    assertThat(config.context()).isEqualTo(64);
    RopeScaling scaling = config.shape().rotary().orElseThrow().full().scaling();
    assertThat(scaling.magnitude())
        .isCloseTo(Math.sqrt(1 + Math.log(4) / Math.log(64)), within(1e-12));
    assertThat(scaling.divisors(16, 10_000)).hasSize(8).contains(1.5);
  }

  private static void longRope(ObjectNode config, int factors) {
    ObjectNode scaling = block(config, "rope_scaling", "longrope");
    ArrayNode shortFactors = scaling.putArray("short_factor");
    ArrayNode longFactors = scaling.putArray("long_factor");
    for (int i = 0; i < factors; i++) {
      shortFactors.add(1.5);
      longFactors.add(4.5);
    }
  }

  @Test
  void refusesLongRopeWithTooFewFactors() {
    refuses("llama", c -> longRope(c, 3), "long_factor", "a list of 8 numbers", "not of 3");
  }

  @Test
  void refusesAScalingWithoutItsFactor() {
    refuses("qwen3", c -> block(c, "rope_scaling", "linear"), "\"rope_scaling.factor\" is missing");
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "mistral", "qwen2", "qwen3", "gpt_neox"})
  void refusesFieldsOfKindsOfAttentionWhereTheFamilyReadsNone(String family) {
    refuses(
        family,
        c -> block(c.putObject("rope_parameters"), "full_attention", "default"),
        "\"rope_parameters.full_attention\" must be absent");
  }
}

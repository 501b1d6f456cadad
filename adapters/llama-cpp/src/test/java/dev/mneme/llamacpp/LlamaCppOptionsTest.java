package dev.mneme.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class LlamaCppOptionsTest {

  private static final LlamaCppOptions DEFAULTS = LlamaCppOptions.defaults();

  @Test
  void eachWithMethodChangesItsSettingAndNoOther() throws ReflectiveOperationException {
    Map<String, LlamaCppOptions> changed =
        Map.of(
            "contextLength", DEFAULTS.withContextLength(77),
            "batchSize", DEFAULTS.withBatchSize(78),
            "threads", DEFAULTS.withThreads(79),
            "memoryMapped", DEFAULTS.withMemoryMapped(true),
            "gpuLayers", DEFAULTS.withGpuLayers(80),
            "devices", DEFAULTS.withDevices(List.of("CUDA0")),
            "flashAttention", DEFAULTS.withFlashAttention(FlashAttention.OFF),
            "cacheType", DEFAULTS.withCacheType(CacheType.F32),
            "library", DEFAULTS.withLibrary(Path.of("here")));
    assertThat(changed).hasSameSizeAs(LlamaCppOptions.class.getRecordComponents());
    for (var entry : changed.entrySet()) {
      assertThat(differences(entry.getValue())).containsExactly(entry.getKey());
    }
  }

  private static List<String> differences(LlamaCppOptions options)
      throws ReflectiveOperationException {
    var names = new ArrayList<String>();
    for (RecordComponent component : LlamaCppOptions.class.getRecordComponents()) {
      Object before = component.getAccessor().invoke(DEFAULTS);
      if (!Objects.equals(before, component.getAccessor().invoke(options))) {
        names.add(component.getName());
      }
    }
    return names;
  }

  @Test
  void changesAddUp() {
    LlamaCppOptions options =
        DEFAULTS.withThreads(3).withBatchSize(4).withLibrary(Path.of("a")).withLibrary(null);
    assertThat(options).isEqualTo(DEFAULTS.withBatchSize(4).withThreads(3));
  }

  @Test
  void theLimitsAreAllowed() {
    assertThat(DEFAULTS.withThreads(512).threads()).isEqualTo(512);
    assertThat(DEFAULTS.withThreads(0).withBatchSize(1).withContextLength(0).batchSize()).isOne();
    assertThat(DEFAULTS.withGpuLayers(LlamaCppOptions.ALL_LAYERS).gpuLayers()).isEqualTo(9_999);
  }

  @Test
  void numbersOutOfRangeAreRefusedByName() {
    assertRefused(() -> DEFAULTS.withThreads(513), "threads must lie in [0, 512], but is 513");
    assertRefused(() -> DEFAULTS.withThreads(-1), "threads", "-1");
    assertRefused(() -> DEFAULTS.withBatchSize(0), "batchSize", "0");
    assertRefused(() -> DEFAULTS.withContextLength(-5), "contextLength", "-5");
    assertRefused(() -> DEFAULTS.withGpuLayers(-1), "gpuLayers", "-1");
  }

  private static void assertRefused(Runnable setting, String... words) {
    assertThatThrownBy(setting::run)
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .contains(words);
  }

  @Test
  void theListOfDevicesIsACopy() {
    var names = new ArrayList<>(List.of("CUDA0"));
    LlamaCppOptions options = DEFAULTS.withDevices(names);
    names.add("CUDA1");
    assertThat(options.devices()).containsExactly("CUDA0");
  }
}

package dev.mneme.llamacpp.internal;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each setter writes its member and leaves every other byte as it was. */
class LayoutSettersTest {

  private static final byte FILL = 0x37;
  private static final long ADDRESS = 0x1122334455667788L;

  /** The struct after a setter, with room behind it that a wrong offset would change. */
  private static byte[] after(Consumer<MemorySegment> setter) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment params = arena.allocate(256, Long.BYTES).fill(FILL);
      setter.accept(params);
      return params.toArray(JAVA_BYTE);
    }
  }

  /** A struct in which all is as before but what is put. */
  private static byte[] only(Consumer<ByteBuffer> puts) {
    byte[] bytes = new byte[256];
    java.util.Arrays.fill(bytes, FILL);
    puts.accept(ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()));
    return bytes;
  }

  @ParameterizedTest
  @EnumSource
  void gpuLayers(ModelLayout layout) {
    int place = KnownReleases.places(layout).gpuLayers();
    assertThat(after(params -> layout.setGpuLayers(params, 1234)))
        .isEqualTo(only(bytes -> bytes.putInt(place, 1234)));
  }

  @ParameterizedTest
  @EnumSource
  void devices(ModelLayout layout) {
    MemorySegment list = MemorySegment.ofAddress(ADDRESS);
    assertThat(after(params -> layout.setDevices(params, list)))
        .isEqualTo(only(bytes -> bytes.putLong(0, ADDRESS)));
  }

  @ParameterizedTest
  @EnumSource
  void unmapped(ModelLayout layout) {
    var places = KnownReleases.places(layout);
    assertThat(after(layout::setUnmapped))
        .isEqualTo(
            only(
                bytes ->
                    bytes.put(places.mapping(), new byte[places.mappingBytes()]))); // false or none
  }

  @ParameterizedTest
  @EnumSource
  void sizes(ContextLayout layout) {
    assertThat(after(params -> layout.setSizes(params, 4000, 300, 20)))
        .isEqualTo(only(bytes -> bytes.putInt(0, 4000).putInt(4, 300).putInt(8, 20)));
  }

  @ParameterizedTest
  @EnumSource
  void cacheType(ContextLayout layout) {
    int place = KnownReleases.places(layout).keyType();
    assertThat(after(params -> layout.setCacheType(params, 8)))
        .isEqualTo(only(bytes -> bytes.putInt(place, 8).putInt(place + Integer.BYTES, 8)));
  }

  @ParameterizedTest
  @EnumSource
  void callback(ContextLayout layout) {
    int place = KnownReleases.places(layout).callback();
    assertThat(after(params -> layout.setCallback(params, MemorySegment.ofAddress(ADDRESS))))
        .isEqualTo(only(bytes -> bytes.putLong(place, ADDRESS)));
  }

  @ParameterizedTest
  @EnumSource
  void flashAttention(ContextLayout layout) {
    var places = KnownReleases.places(layout);
    for (boolean on : new boolean[] {false, true}) {
      int number = on ? 1 : 0;
      assertThat(after(params -> layout.setFlashAttention(params, on)))
          .isEqualTo(
              only(
                  bytes -> {
                    if (places.flashAttentionBytes() == 1) {
                      bytes.put(places.flashAttention(), (byte) number);
                    } else {
                      bytes.putInt(places.flashAttention(), number);
                    }
                  }));
    }
  }
}

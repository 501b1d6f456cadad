package dev.mneme.store.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.mneme.MnemeException;
import dev.mneme.store.testing.GgufNumbers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RowEncoderTest {

  private static byte[] encode(GgufType type, float... row) {
    byte[] bytes = new byte[(int) type.rowBytes(row.length)];
    ByteBuffer into = ByteBuffer.wrap(bytes);
    RowEncoder.encode(type, row, row.length, into);
    assertThat(into.hasRemaining()).isFalse();
    return bytes;
  }

  private static float[] block(float... first) {
    return Arrays.copyOf(first, 32);
  }

  @Test
  void f32IsLittleEndian() {
    assertThat(encode(GgufType.F32, 1f, -0f))
        .containsExactly(0x00, 0x00, 0x80, 0x3F, 0x00, 0x00, 0x00, 0x80);
  }

  @Test
  void f16RoundsToNearestAndTiesToEven() {
    // 2049 and 2051 lie half-way between neighbours that differ by 2.
    assertThat(encode(GgufType.F16, 1f, 2049f, 2051f, 65504f))
        .containsExactly(0x00, 0x3C, 0x00, 0x68, 0x02, 0x68, 0xFF, 0x7B);
  }

  @Test
  void f16KeepsWhatIsNotFinite() {
    assertThat(encode(GgufType.F16, Float.NEGATIVE_INFINITY)).containsExactly(0x00, 0xFC);
  }

  @Test
  void q8WritesTheScaleAndRoundsHalvesAwayFromZero() {
    // A largest magnitude of 127 makes the scale exactly 1.
    byte[] bytes =
        encode(
            GgufType.Q8_0,
            block(-127f, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 0.49999997f, -0.49999997f, 126.49f));
    assertThat(bytes).hasSize(34);
    assertThat(Arrays.copyOf(bytes, 12))
        .containsExactly(0x00, 0x3C, -127, 1, -1, 2, 3, -3, 0, 0, 126, 0);
  }

  @Test
  void q8ScalesEachBlockByItself() {
    float[] row = new float[64];
    row[0] = 1f;
    row[32] = 254f;
    byte[] bytes = encode(GgufType.Q8_0, row);
    assertThat(Arrays.copyOf(bytes, 3)).containsExactly(0x08, 0x20, 127);
    assertThat(Arrays.copyOfRange(bytes, 34, 37)).containsExactly(0x00, 0x40, 127);
  }

  @Test
  void q8OfZerosIsZeros() {
    assertThat(encode(GgufType.Q8_0, block())).containsOnly(0);
  }

  @Test
  void q8OfMagnitudesTooSmallForTheScaleIsZeros() {
    assertThat(encode(GgufType.Q8_0, block(Float.MIN_VALUE, -1e-38f))).containsOnly(0);
  }

  @Test
  void q40WritesTheScaleAndTwoCodesInAByte() {
    // The largest magnitude, -8, makes the scale exactly 1.
    float[] row = block(-8f, 7f, 0f, 0.4f, 0.6f, -7.6f);
    row[16] = 1f;
    row[17] = -1f;
    row[31] = 6.9f;
    byte[] bytes = encode(GgufType.Q4_0, row);
    assertThat(bytes).hasSize(18);
    assertThat(Arrays.copyOf(bytes, 8))
        .containsExactly(0x00, 0x3C, 0x90, 0x7F, 0x88, 0x88, 0x89, 0x80);
    assertThat(bytes[17]).isEqualTo((byte) 0xF8);
  }

  @Test
  void q40ClipsTheNumberOppositeTheLargest() {
    byte[] bytes = encode(GgufType.Q4_0, block(8f, -8f)); // the first of equals sets the scale
    assertThat(Arrays.copyOf(bytes, 4)).containsExactly(0x00, 0xBC, 0x80, 0x8F);
  }

  @Test
  void q41WritesTheScaleTheSmallestAndTwoCodesInAByte() {
    // From -5 to 10 in 15 steps of 1.
    float[] row = block(-5f, 10f, 0f, 0.4f, 0.5f);
    row[16] = 1f;
    row[31] = 9.6f;
    byte[] bytes = encode(GgufType.Q4_1, row);
    assertThat(bytes).hasSize(20);
    assertThat(Arrays.copyOf(bytes, 9))
        .containsExactly(0x00, 0x3C, 0x00, 0xC5, 0x60, 0x5F, 0x55, 0x55, 0x56);
    assertThat(bytes[19]).isEqualTo((byte) 0xF5);
  }

  @Test
  void q4ScalesEachBlockByItself() {
    float[] row = new float[64];
    row[0] = -8f;
    row[32] = -16f;
    byte[] four0 = encode(GgufType.Q4_0, row);
    assertThat(Arrays.copyOf(four0, 3)).containsExactly(0x00, 0x3C, 0x80);
    assertThat(Arrays.copyOfRange(four0, 18, 21)).containsExactly(0x00, 0x40, 0x80);
    byte[] four1 = encode(GgufType.Q4_1, row);
    assertThat(Arrays.copyOfRange(four1, 2, 4)).containsExactly(0x00, 0xC8);
    assertThat(Arrays.copyOfRange(four1, 22, 24)).containsExactly(0x00, 0xCC);
  }

  @Test
  void q4OfOneNumberThroughoutIsThatNumber() {
    float[] row = new float[32];
    Arrays.fill(row, 3f);
    assertThat(Arrays.copyOf(encode(GgufType.Q4_1, row), 5))
        .containsExactly(0x00, 0x00, 0x00, 0x42, 0x00);
    // 3 / -8 = -0.375, and -8 times that.
    assertThat(Arrays.copyOf(encode(GgufType.Q4_0, row), 3)).containsExactly(0x00, 0xB6, 0x00);
  }

  @Test
  void q4OfZerosIsZeros() {
    byte[] four0 = encode(GgufType.Q4_0, block());
    assertThat(four0[1] & 0x7F).isZero(); // the scale, of either sign
    assertThat(Arrays.copyOfRange(four0, 2, 18)).containsOnly(0x88);
    assertThat(encode(GgufType.Q4_1, block())).containsOnly(0);
  }

  @Test
  void q4OfMagnitudesTooSmallForTheScaleIsZeros() {
    float[] tiny = block(Float.MIN_VALUE, 1e-38f);
    assertThat(encode(GgufType.Q4_0, tiny)).startsWith(0x00, 0x80, 0x88, 0x88);
    assertThat(encode(GgufType.Q4_1, tiny)).containsOnly(0);
  }

  @Test
  void q4KWritesFactorsThenScalesAndOffsetsThenTwoCodesInAByte() {
    // Parts of 32: from 0 in steps of 1, from -63 in steps of 63, and zeros.
    float[] row = new float[256];
    byte[] expected = new byte[144];
    for (int i = 0; i < 32; i++) {
      row[i] = i % 16;
      row[32 + i] = -63 + 63 * (i % 16);
      expected[16 + i] = (byte) (i % 16 | i % 16 << 4);
    }
    expected[1] = 0x3C; // scales in steps of 1
    expected[3] = 0x3C; // offsets too
    expected[4] = 1;
    expected[5] = 63;
    expected[9] = 63;
    assertThat(encode(GgufType.Q4_K, row)).isEqualTo(expected);
  }

  @Test
  void q4KKeepsPartsOfVeryDifferentSizesApart() {
    float[] row = new float[256];
    var random = new Random(3);
    for (int i = 0; i < row.length; i++) {
      row[i] = (float) (random.nextGaussian() * (1 + i / 32));
    }
    float[] decoded = GgufNumbers.decode(GgufType.Q4_K, buffer(encode(GgufType.Q4_K, row)), 256);
    for (int part = 0; part < 8; part++) {
      float most = 0;
      for (int i = part * 32; i < part * 32 + 32; i++) {
        most = Math.max(most, Math.abs(row[i]));
      }
      for (int i = part * 32; i < part * 32 + 32; i++) {
        assertThat(decoded[i]).as("element %d", i).isCloseTo(row[i], within(most / 6));
      }
    }
  }

  @Test
  void q4KIsCloserThanQ40() {
    float[] row = new float[4096];
    var random = new Random(4);
    for (int i = 0; i < row.length; i++) {
      row[i] = (float) (random.nextGaussian() + 0.5);
    }
    assertThat(squaredError(GgufType.Q4_K, row)).isLessThan(0.8 * squaredError(GgufType.Q4_0, row));
  }

  private static double squaredError(GgufType type, float[] row) {
    float[] decoded = GgufNumbers.decode(type, buffer(encode(type, row)), row.length);
    double sum = 0;
    for (int i = 0; i < row.length; i++) {
      sum += Math.pow(row[i] - decoded[i], 2);
    }
    return sum;
  }

  private static ByteBuffer buffer(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void q4KOfZerosIsZerosAndOfNumbersTooSmallToo() {
    assertThat(encode(GgufType.Q4_K, new float[256])).containsOnly(0);
    float[] tiny = new float[256];
    Arrays.fill(tiny, 1e-38f);
    assertThat(encode(GgufType.Q4_K, tiny)).containsOnly(0);
  }

  @Test
  void q4KRefusesNumbersThatItCannotHold() {
    for (float bad :
        new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 3e38f, -3e38f}) {
      float[] row = new float[256];
      row[70] = bad;
      assertThatExceptionOfType(MnemeException.class)
          .isThrownBy(() -> encode(GgufType.Q4_K, row))
          .withMessageContaining("element 70 of a row is %s, which Q4_K cannot hold", bad);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"Q4_0", "Q4_1"})
  void q4RefusesNumbersThatItCannotHold(GgufType type) {
    for (float bad :
        new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 3e38f, -3e38f}) {
      assertThatExceptionOfType(MnemeException.class)
          .isThrownBy(() -> encode(type, block(1f, 0f, bad)))
          .withMessageContaining("element 2 of a row is %s, which %s cannot hold", bad, type);
    }
  }

  @Test
  void encodesOnlyTheCountedPartAtTheBuffersPosition() {
    ByteBuffer into = ByteBuffer.allocate(12).position(4);
    RowEncoder.encode(GgufType.F32, new float[] {1f, 2f}, 1, into);
    assertThat(into.position()).isEqualTo(8);
    assertThat(into.flip()).isEqualTo(ByteBuffer.wrap(new byte[] {0, 0, 0, 0, 0, 0, -128, 63}));
  }

  @Test
  void refusesNumbersThatTheTypeCannotHold() {
    assertThatExceptionOfType(MnemeException.class)
        .isThrownBy(() -> encode(GgufType.F16, 0f, 1e6f))
        .withMessageContaining("element 1 of a row is 1000000.0, which F16 cannot hold");
    assertThatExceptionOfType(MnemeException.class)
        .isThrownBy(() -> encode(GgufType.Q8_0, block(0f, 1f, Float.NaN)))
        .withMessageContaining("element 2 of a row is NaN, which Q8_0 cannot hold");
    assertThatExceptionOfType(MnemeException.class)
        .isThrownBy(() -> encode(GgufType.Q8_0, block(Float.NEGATIVE_INFINITY)));
    assertThatExceptionOfType(MnemeException.class)
        .isThrownBy(() -> encode(GgufType.Q8_0, block(1e7f)));
  }

  @Test
  void refusesOtherTypesAndPartsOfBlocks() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> encode(GgufType.BF16, 1f))
        .withMessageContaining("not as BF16");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> RowEncoder.encode(GgufType.Q8_0, new float[33], 33, ByteBuffer.allocate(99)))
        .withMessageContaining("block of 32");
  }

  @Test
  void refusesABufferThatIsTooSmall() {
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> RowEncoder.encode(GgufType.F32, new float[2], 2, ByteBuffer.allocate(7)));
  }
}

package dev.mneme.store.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class RowEncoderProperties {
  private static final int BLOCK = 32;

  @Property
  void q8GivesTheCodesOfDecimalArithmetic(@ForAll("rows") float[] row) {
    ByteBuffer encoded = encode(row);
    for (int start = 0; start < row.length; start += BLOCK) {
      float largest = 0;
      for (int i = start; i < start + BLOCK; i++) {
        largest = Math.max(largest, Math.abs(row[i]));
      }
      float scale = largest / 127;
      assertThat(encoded.getShort()).isEqualTo(Float.floatToFloat16(scale));
      for (int i = start; i < start + BLOCK; i++) {
        float scaled = scale == 0 ? 0 : row[i] * (1 / scale);
        // HALF_UP is away from zero for negative numbers too, as C's roundf is.
        int code = new BigDecimal(scaled).setScale(0, RoundingMode.HALF_UP).intValueExact();
        assertThat((int) encoded.get()).isEqualTo(code);
      }
    }
  }

  @Property
  void q8IsWithinHalfAStepAndTheRoundingOfTheScale(@ForAll("rows") float[] row) {
    ByteBuffer encoded = encode(row);
    for (int start = 0; start < row.length; start += BLOCK) {
      double scale = Float.float16ToFloat(encoded.getShort());
      for (int i = start; i < start + BLOCK; i++) {
        double decoded = scale * encoded.get();
        // The scale is rounded by up to 2^-11 of itself or half the smallest subnormal, and then
        // multiplied by at most 127.
        double tolerance = scale * (0.5 + 127 * 0x1p-11) + 128 * 0x1p-25;
        assertThat(Math.abs(decoded - row[i])).isLessThanOrEqualTo(tolerance);
      }
    }
  }

  private static ByteBuffer encode(float[] row) {
    ByteBuffer encoded =
        ByteBuffer.allocate((int) GgufType.Q8_0.rowBytes(row.length))
            .order(ByteOrder.LITTLE_ENDIAN);
    RowEncoder.encode(GgufType.Q8_0, row, row.length, encoded);
    return encoded.flip();
  }

  @Provide
  Arbitrary<float[]> rows() {
    Arbitrary<Float> weights = Arbitraries.floats().between(-1, 1);
    Arbitrary<Float> halves = Arbitraries.integers().between(-254, 254).map(n -> n / 2f);
    return Arbitraries.oneOf(
        weights.array(float[].class).ofSize(2 * BLOCK), halves.array(float[].class).ofSize(BLOCK));
  }
}

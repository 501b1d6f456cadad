package dev.mneme.store.hf;

import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.store.gguf.GgufType;
import dev.mneme.store.gguf.RowEncoder;
import dev.mneme.store.gguf.TensorData;
import dev.mneme.store.hf.WeightLayout.Arrangement;
import dev.mneme.store.hf.WeightLayout.Weight;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.FloatReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;

/**
 * A tensor on its way to GGUF: rows are read, brought into the engine's order and encoded a few at
 * a time, so that memory stays bounded whatever the tensor's size.
 *
 * @param headDim rows of one head in each of query, key and value
 */
record RearrangedTensor(Weight weight, Dtype dtype, MemorySegment data, GgufType type, int headDim)
    implements TensorData {

  private static final int BUFFER_BYTES = 1 << 20;

  /** Columns of a Conv1D matrix turned into rows in one pass over it. */
  private static final int STRIPE = 64;

  @Override
  public void writeTo(WritableByteChannel out) throws IOException {
    try {
      if (weight.arrangement() == Arrangement.TRANSPOSED) {
        writeTransposed(out);
      } else {
        writeRows(out);
      }
    } catch (MnemeException e) {
      throw new MnemeException("tensor \"" + weight.source() + "\": " + FailureText.of(e), e);
    }
  }

  private void writeRows(WritableByteChannel out) throws IOException {
    // A bias of another order moves element by element, like rows of one.
    boolean single =
        weight.shape().size() == 1
            && (weight.arrangement() == Arrangement.AS_IS
                || weight.arrangement() == Arrangement.ONE_ADDED);
    int rows = single ? 1 : Math.toIntExact(weight.shape().getFirst());
    int columns = single || weight.shape().size() == 2 ? length(weight.shape().size() - 1) : 1;
    var encoded = buffer(columns);
    var row = new float[columns];
    for (int r = 0; r < rows; r++) {
      long from =
          switch (weight.arrangement()) {
            case INTERLEAVED -> halfRotationRow(r);
            case PARTS_TOGETHER -> rowOfHead(r, rows / 3);
            case AS_IS, ONE_ADDED, TRANSPOSED -> r;
          };
      FloatReader.read(dtype, data, from * columns, row, columns);
      if (weight.arrangement() == Arrangement.ONE_ADDED) {
        for (int i = 0; i < columns; i++) {
          row[i] += 1;
        }
      }
      if (single) {
        scale(row, Math.min(weight.scaled().count(), columns));
      } else if (r < weight.scaled().count()) {
        scale(row, columns);
      }
      encode(row, encoded, out);
    }
    flush(encoded, out);
  }

  /**
   * Where a row of the interleaved order lies in the half-rotation order. Hugging Face turns row
   * {@code j} of a head with row {@code j + headDim / 2}, llama.cpp rows {@code 2j} and {@code 2j +
   * 1}.
   */
  private long halfRotationRow(int row) {
    int withinHead = row % headDim;
    return row - withinHead + withinHead / 2 + (long) (withinHead % 2) * (headDim / 2);
  }

  /** Where a row of all queries, keys and values lies among those of its head. */
  private long rowOfHead(int row, int rowsOfPart) {
    int part = row / rowsOfPart;
    int head = row % rowsOfPart / headDim;
    return (3L * head + part) * headDim + row % headDim;
  }

  private void writeTransposed(WritableByteChannel out) throws IOException {
    int in = length(0);
    int columns = length(1);
    var encoded = buffer(in);
    var stripe = new float[STRIPE][in];
    var part = new float[STRIPE];
    for (int first = 0; first < columns; first += STRIPE) {
      int width = Math.min(STRIPE, columns - first);
      for (int i = 0; i < in; i++) {
        FloatReader.read(dtype, data, (long) i * columns + first, part, width);
        for (int c = 0; c < width; c++) {
          stripe[c][i] = part[c];
        }
      }
      for (int c = 0; c < width; c++) {
        if (first + c < weight.scaled().count()) {
          scale(stripe[c], in);
        }
        encode(stripe[c], encoded, out);
      }
    }
    flush(encoded, out);
  }

  private void scale(float[] row, int values) {
    for (int i = 0; i < values; i++) {
      row[i] *= weight.scaled().factor();
    }
  }

  private int length(int dimension) {
    return Math.toIntExact(weight.shape().get(dimension));
  }

  private ByteBuffer buffer(int columns) {
    return ByteBuffer.allocate(Math.toIntExact(Math.max(BUFFER_BYTES, type.rowBytes(columns))))
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  private void encode(float[] row, ByteBuffer encoded, WritableByteChannel out) throws IOException {
    if (encoded.remaining() < type.rowBytes(row.length)) {
      flush(encoded, out);
    }
    RowEncoder.encode(type, row, row.length, encoded);
  }

  private static void flush(ByteBuffer encoded, WritableByteChannel out) throws IOException {
    encoded.flip();
    while (encoded.hasRemaining()) {
      out.write(encoded);
    }
    encoded.clear();
  }
}

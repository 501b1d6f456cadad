package dev.mneme.benchmarks;

import dev.mneme.FloatRows;
import dev.mneme.HostModel;
import dev.mneme.HostSession;
import dev.mneme.Rows;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.llamacpp.LlamaCppOptions;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;

/**
 * Writes what a GGUF host says about every token of a text, for {@code
 * compare_log_probabilities.py}: {@code ids.json}, and {@code log-probabilities.npy} with a row for
 * what follows each id but the last, one number per entry of the vocabulary.
 */
public final class LogProbabilities {

  private static final int THREADS = 1;

  private LogProbabilities() {}

  /**
   * Arguments: the GGUF file, a text (UTF-8; packed if it ends in .gz), how many of its first
   * tokens, the folder to write to, and the llama.cpp (a folder, or "bundled").
   */
  public static void main(String[] args) throws IOException {
    Path folder = Files.createDirectories(Path.of(args[3]));
    LlamaCppOptions options = LlamaCppOptions.defaults().withLibrary(Path.of(args[4]));
    try (HostModel host = LlamaCppHost.open(Path.of(args[0]), options)) {
      int[] ids = ids(host, text(Path.of(args[1])), Integer.parseInt(args[2]));
      Files.writeString(
          folder.resolve("ids.json"),
          Arrays.stream(ids).mapToObj(String::valueOf).collect(Collectors.joining(",", "[", "]")));
      double sum = write(host, ids, folder.resolve("log-probabilities.npy"));
      System.out.printf(
          "%d ids, perplexity %.5f over %d%n",
          ids.length, Math.exp(-sum / (ids.length - 1)), ids.length - 1);
    }
  }

  private static String text(Path file) throws IOException {
    try (InputStream raw = Files.newInputStream(file);
        InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Ids of the first tokens; a token takes fewer than 32 characters on average. */
  private static int[] ids(HostModel host, String text, int count) {
    String start = text.substring(0, Math.min(text.length(), 32 * count));
    int[] all = host.tokenizer().encode(start);
    if (all.length < count) {
      throw new IllegalArgumentException("the text has only %d tokens".formatted(all.length));
    }
    return Arrays.copyOf(all, count);
  }

  /** Writes the rows; gives the sum of the log-probabilities of the ids that follow. */
  private static double write(HostModel host, int[] ids, Path file) throws IOException {
    int width = host.tokenizer().vocabulary().size();
    double sum = 0;
    try (HostSession session = host.openSession(THREADS);
        FileChannel out =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
      writeFully(out, header(ids.length - 1, width));
      ByteBuffer bytes = ByteBuffer.allocate(width * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      for (int from = 0; from < ids.length - 1; ) {
        int to = Math.min(ids.length - 1, from + session.maxBatch());
        FloatRows rows = session.forward(Arrays.copyOfRange(ids, from, to), Rows.ALL);
        for (int i = 0; i < rows.count(); i++) {
          sum += logSoftmax(rows, i, bytes.clear().asFloatBuffer(), ids[from + i + 1], width);
          writeFully(out, bytes);
        }
        from = to;
      }
    }
    return sum;
  }

  /** Fills a buffer with one row's log-probabilities; gives that of one id. */
  private static double logSoftmax(FloatRows rows, int row, FloatBuffer to, int id, int width) {
    float[] logits =
        rows.row(row).asSlice(0, (long) width * Float.BYTES).toArray(ValueLayout.JAVA_FLOAT);
    double largest = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      largest = Math.max(largest, logit);
    }
    double total = 0;
    for (float logit : logits) {
      total += Math.exp(logit - largest);
    }
    double all = largest + Math.log(total);
    for (float logit : logits) {
      to.put((float) (logit - all));
    }
    return logits[id] - all;
  }

  /** The beginning of a NumPy file of version 1.0. */
  private static ByteBuffer header(int rows, int columns) {
    String text =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }".formatted(rows, columns);
    int length = (10 + text.length() + 1 + 63) / 64 * 64;
    String padded = text + " ".repeat(length - 10 - text.length() - 1) + "\n";
    ByteBuffer header = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    header.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII)).put((byte) 1);
    header.put((byte) 0).putShort((short) padded.length());
    return header.put(padded.getBytes(StandardCharsets.US_ASCII)).flip();
  }

  private static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }
}

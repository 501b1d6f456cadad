package dev.mneme.benchmarks.golden;

import dev.mneme.Tokenizer;
import dev.mneme.store.json.JsonValue;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

/**
 * The first ids of a text, as the reference takes them: blank lines separate documents, each begins
 * with the beginning-of-sequence id, the last may be cut.
 *
 * @param name of the text
 * @param documents ids, document by document
 */
record Stream(String name, List<int[]> documents) {

  /**
   * Reads and encodes a text.
   *
   * @param file gzipped UTF-8
   * @param length ids to take, each document's first counted
   */
  static Stream read(String name, Path file, Tokenizer tokenizer, int length) {
    var documents = new ArrayList<int[]>();
    int left = length;
    for (String document : text(file).split("\n\n+", -1)) {
      if (left == 0) {
        break;
      }
      int[] ids = tokenizer.encode(document);
      documents.add(ids.length > left ? Arrays.copyOf(ids, left) : ids);
      left -= documents.getLast().length;
    }
    return new Stream(name, documents);
  }

  private static String text(Path file) {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  /** All ids, one document after the other. */
  int[] ids() {
    return documents.stream().flatMapToInt(IntStream::of).toArray();
  }

  /** Compares the ids with the reference's account of them. */
  void compare(JsonValue expected, Deviations deviations) {
    int[] ids = ids();
    int[] first = Figures.ids(expected.get("first_ids"));
    int[] last = Figures.ids(expected.get("last_ids"));
    compare(expected, "tokens", ids.length, deviations);
    compare(expected, "documents", documents.size(), deviations);
    equal(
        "document lengths",
        Figures.ids(expected.get("document_lengths")),
        documents.stream().mapToInt(document -> document.length).toArray(),
        deviations);
    equal("first ids", first, Arrays.copyOf(ids, first.length), deviations);
    equal(
        "last ids",
        last,
        Arrays.copyOfRange(ids, Math.max(0, ids.length - last.length), ids.length),
        deviations);
    deviations.equal(
        Group.STREAMS,
        expected.get("sha256_of_ids_as_uint16_le").string(),
        Figures.sha256(ids),
        name + ", digest");
  }

  private void compare(JsonValue expected, String key, int found, Deviations deviations) {
    deviations.equal(Group.STREAMS, Figures.integer(expected.get(key)), found, name + ", " + key);
  }

  private void equal(String what, int[] expected, int[] found, Deviations deviations) {
    deviations.equal(
        Group.STREAMS, Arrays.toString(expected), Arrays.toString(found), name + ", " + what);
  }
}

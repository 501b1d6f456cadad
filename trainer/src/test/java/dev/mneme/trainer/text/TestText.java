package dev.mneme.trainer.text;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/** Text and corpus files for tests. */
public final class TestText {
  private static final String[] SYLLABLES = {
    "ba", "ne", "ri", "to", "lum", "court", "pro", "é", "ing", "ed", "s", "con", "tra"
  };

  private TestText() {}

  /** Documents that are in no file. */
  static Stream<Document> documents(String... texts) {
    return Stream.of(texts)
        .map(text -> new Document(Path.of("test.txt"), 1, Optional.empty(), text));
  }

  /** Sentences of made-up words; the same seed gives the same text. */
  public static String sentences(long seed, int words) {
    var random = new Random(seed);
    var text = new StringBuilder();
    for (int i = 0; i < words; i++) {
      text.append(i == 0 ? "" : random.nextInt(12) == 0 ? ".\n" : " ");
      for (int n = 1 + random.nextInt(3); n > 0; n--) {
        text.append(SYLLABLES[random.nextInt(SYLLABLES.length)]);
      }
    }
    return text.append('.').toString();
  }

  /** Writes a file as it is, or packed if its name ends in {@code .gz}. */
  public static Path write(Path file, String text) {
    return write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  static Path write(Path file, byte[] text) {
    try {
      return Files.write(file, file.toString().endsWith(".gz") ? gzip(text) : text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] gzip(byte[] text) throws IOException {
    var packed = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(packed)) {
      out.write(text);
    }
    return packed.toByteArray();
  }
}

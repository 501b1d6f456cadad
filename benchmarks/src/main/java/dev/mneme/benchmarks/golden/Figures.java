package dev.mneme.benchmarks.golden;

import com.google.common.hash.Hashing;
import dev.mneme.store.json.JsonValue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How the reference writes its figures. */
final class Figures {

  private Figures() {}

  /** A list of token ids. */
  static int[] ids(JsonValue value) {
    return value.elements().stream().mapToInt(Figures::integer).toArray();
  }

  /** A count, an id or a position. */
  static int integer(JsonValue value) {
    return (int) value.integer(0, Integer.MAX_VALUE);
  }

  /** One figure from the 32-bit and from the 64-bit implementation. */
  static List<Double> both(JsonValue entry, String key) {
    return List.of(entry.get("float32").get(key).number(), entry.get("float64").get(key).number());
  }

  static String sha256(Path file) {
    try {
      return sha256(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  /** The digest of ids written as unsigned 16-bit numbers, little endian. */
  static String sha256(int[] ids) {
    ByteBuffer bytes = ByteBuffer.allocate(ids.length * 2).order(ByteOrder.LITTLE_ENDIAN);
    for (int id : ids) {
      bytes.putShort((short) id);
    }
    return sha256(bytes.array());
  }

  private static String sha256(byte[] bytes) {
    return Hashing.sha256().hashBytes(bytes).toString();
  }
}

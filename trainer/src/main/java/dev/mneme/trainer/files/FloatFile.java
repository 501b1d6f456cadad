package dev.mneme.trainer.files;

import com.google.common.hash.Hashing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** Files of 32-bit numbers, little-endian, nothing before or after. */
public final class FloatFile {

  private FloatFile() {}

  /**
   * Writes a file, whole or not at all.
   *
   * @return its SHA-256, in hexadecimal
   */
  public static String write(Path file, float[] values) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    AtomicFile.write(file, bytes.array());
    return sha256(bytes.array());
  }

  /** The numbers of a file, or nothing if it is missing or has another digest. */
  public static Optional<float[]> read(Path file, String sha256) throws IOException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    if (!sha256(bytes).equals(sha256)) {
      return Optional.empty();
    }
    float[] values = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return Optional.of(values);
  }

  private static String sha256(byte[] bytes) {
    return Hashing.sha256().hashBytes(bytes).toString();
  }
}

package dev.mneme.trainer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.hash.Hashing;
import dev.mneme.MnemeException;
import dev.mneme.trainer.files.AtomicFile;
import dev.mneme.trainer.files.FloatFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * What a training stage made its output from: the stage and its version, every input's digest,
 * every setting. Two runs with equal manifests give equal output, so a finished one need not be
 * repeated and a half finished one can go on. Written as JSON beside the output. Used by one
 * thread.
 *
 * <p>Times and folders are left out on purpose: they do not change what comes out.
 */
public final class StageManifest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int BUFFER_BYTES = 1 << 20;

  private final ObjectNode json = MAPPER.createObjectNode();

  /**
   * Begins a manifest.
   *
   * @param stage its name
   * @param version raised whenever the stage's code would make something else of the same inputs
   */
  public StageManifest(String stage, int version) {
    json.put("stage", stage).put("version", version);
    json.putArray("inputs");
    json.putObject("settings");
  }

  /**
   * Names an input file, with size and SHA-256.
   *
   * @throws MnemeException if it cannot be read
   */
  public StageManifest input(Path file) {
    long bytes;
    MessageDigest digest = sha256();
    try (InputStream in = Files.newInputStream(file);
        OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
      byte[] buffer = new byte[BUFFER_BYTES];
      bytes = 0;
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        out.write(buffer, 0, count);
        bytes += count;
      }
    } catch (IOException e) {
      throw new MnemeException("cannot read the input %s: %s".formatted(file, e), e);
    }
    json.withArray("inputs")
        .addObject()
        .put("name", String.valueOf(file.getFileName()))
        .put("bytes", bytes)
        .put("sha256", HexFormat.of().formatHex(digest.digest()));
    return this;
  }

  /** The settings, to be filled by the stage. */
  public ObjectNode settings() {
    return json.withObject("/settings");
  }

  /**
   * Whether a manifest written earlier says the same: its output need not be made again. A file
   * that is missing or damaged says nothing.
   */
  public boolean isIn(Path file) {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try {
      return digest().equals(MAPPER.readTree(file.toFile()).path("digest").asText());
    } catch (IOException e) {
      return false;
    }
  }

  /** An empty object for the figures that {@link #write} keeps. */
  public ObjectNode results() {
    return MAPPER.createObjectNode();
  }

  /** SHA-256 of everything in this manifest, in hexadecimal. */
  public String digest() {
    return Hashing.sha256().hashBytes(bytes(json)).toString();
  }

  /**
   * Writes this manifest and what came out beside an output, as {@code NAME.json}.
   *
   * @param results figures worth keeping; no part of {@link #digest}
   */
  public void write(Path output, ObjectNode results) {
    ObjectNode all = json.deepCopy();
    all.put("digest", digest()).set("results", results);
    Path file = fileOf(output);
    try {
      AtomicFile.write(file, bytes(all));
    } catch (IOException e) {
      throw new MnemeException("cannot write the manifest %s: %s".formatted(file, e), e);
    }
  }

  /**
   * The numbers that {@link #keep} left for an equal manifest, if they are still as they were.
   *
   * @throws IOException if the file cannot be read
   */
  public Optional<float[]> kept(Path output) throws IOException {
    Path file = fileOf(output);
    return isIn(file)
        ? FloatFile.read(output, MAPPER.readTree(file.toFile()).at("/results/sha256").asText())
        : Optional.empty();
  }

  /**
   * Writes an output of plain numbers and this manifest, with the output's digest, beside it.
   *
   * @param results further figures worth keeping
   * @throws IOException if the output cannot be written
   */
  public void keep(Path output, float[] values, ObjectNode results) throws IOException {
    results.put("count", values.length).put("sha256", FloatFile.write(output, values));
    write(output, results);
  }

  /** The manifest's file beside an output. */
  public static Path fileOf(Path output) {
    return output.resolveSibling(output.getFileName() + ".json");
  }

  private static byte[] bytes(ObjectNode json) {
    try {
      String text = MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json);
      return (text + "\n").getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a tree of plain values did not serialise", e);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}

package dev.mneme.trainer.recipe;

import dev.mneme.MnemeException;
import dev.mneme.trainer.StageProgress;
import dev.mneme.trainer.files.ExclusiveFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Runs the stages of a recipe one after the other: nobody else works on the same output meanwhile,
 * the listener hears of rate and remaining time, and the seconds worked are kept through
 * interruptions (but not through kills). Both need a file beside the output, {@code NAME.run}: it
 * is locked while a run works, and holds the seconds as a double. Used by one thread.
 */
final class Stages {

  /** A finished stage. */
  record Done(String name, Path output, double seconds) {}

  private final int count;
  private final RunListener listener;
  private final List<Done> done = new ArrayList<>();

  Stages(int count, RunListener listener) {
    this.count = count;
    this.listener = listener;
  }

  /** Counts one stage's work for the listener. */
  final class Meter implements StageProgress {
    private final String name;
    private final String unit;
    private final long began = System.nanoTime();
    private long firstDone = -1;
    private long firstAt;

    private Meter(String name, String unit) {
      this.name = name;
      this.unit = unit;
    }

    @Override
    public void at(long soFar, long all) {
      at(soFar, all, "");
    }

    void at(long soFar, long all, String note) {
      long now = System.nanoTime();
      if (firstDone < 0) {
        firstDone = soFar; // what an earlier run did is no part of this run's rate
        firstAt = now;
      }
      double seconds = (now - firstAt) / 1e9;
      double rate = seconds > 0 ? (soFar - firstDone) / seconds : 0;
      Optional<Duration> remaining =
          rate > 0 && all >= soFar
              ? Optional.of(Duration.ofMillis((long) (1000 * (all - soFar) / rate)))
              : Optional.empty();
      listener.at(
          new RunListener.Status(
              name, done.size() + 1, count, unit, soFar, all, rate, remaining, note));
    }

    private boolean moved() {
      return firstDone >= 0;
    }

    private double seconds() {
      return (System.nanoTime() - began) / 1e9;
    }
  }

  /**
   * Runs a stage, which does nothing if its output is up to date.
   *
   * @param unit what it counts
   * @throws MnemeException if another run works on the same output
   */
  <T> T run(String name, String unit, Path output, Function<Meter, T> work) {
    Path runFile = runFile(output);
    try {
      Files.createDirectories(output.toAbsolutePath().getParent());
      try (FileChannel channel =
          FileChannel.open(
              runFile,
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE)) {
        ExclusiveFile.lock(channel, output);
        var meter = new Meter(name, unit);
        double before = readSeconds(channel);
        try {
          return work.apply(meter);
        } finally {
          double seconds = before + (meter.moved() ? meter.seconds() : 0);
          writeSeconds(channel, seconds);
          done.add(new Done(name, output, seconds));
        }
      }
    } catch (IOException e) {
      throw new MnemeException(
          "cannot work on %s: %s; check the folder and the free space".formatted(output, e), e);
    }
  }

  /** Seconds worked on an output by finished and interrupted runs; 0 if that is not known. */
  static double seconds(Path output) {
    Path runFile = runFile(output);
    if (!Files.exists(runFile)) {
      return 0;
    }
    try (FileChannel channel = FileChannel.open(runFile, StandardOpenOption.READ)) {
      return readSeconds(channel);
    } catch (IOException e) {
      throw new MnemeException("cannot read %s: %s".formatted(runFile, e), e);
    }
  }

  private static Path runFile(Path output) {
    return output.resolveSibling(output.getFileName() + ".run");
  }

  /** The stages run so far. */
  List<Done> done() {
    return List.copyOf(done);
  }

  private static double readSeconds(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Double.BYTES);
    return channel.read(bytes, 0) == Double.BYTES ? bytes.getDouble(0) : 0;
  }

  private static void writeSeconds(FileChannel channel, double seconds) throws IOException {
    channel.write(ByteBuffer.allocate(Double.BYTES).putDouble(0, seconds), 0);
  }
}

package dev.mneme.store.hub;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A stream from the network that fails when nothing has come for a while, instead of waiting for
 * good as the JDK's client does once the headers are there. Read by one thread.
 */
final class GuardedStream extends FilterInputStream {

  private final Duration patience;
  private final Thread watch;
  private volatile boolean reading;
  private volatile long last = System.nanoTime();
  private volatile boolean stalled;

  GuardedStream(InputStream in, Duration patience) {
    super(in);
    this.patience = patience;
    watch = Thread.ofVirtual().name("hub-watch").start(this::watch);
  }

  private void watch() {
    try {
      for (long left = left(); left > 0; left = left()) {
        Thread.sleep(Duration.ofNanos(left));
      }
      stalled = true;
      in.close(); // wakes the reader
    } catch (InterruptedException e) {
      // Closed in time.
    } catch (IOException e) {
      // The reader meets it too.
    }
  }

  private long left() {
    return reading ? patience.toNanos() - (System.nanoTime() - last) : patience.toNanos();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    last = System.nanoTime();
    reading = true; // the time between reads is the reader's own
    int count;
    try {
      count = super.read(into, offset, length);
    } catch (IOException e) {
      throw stalled ? silence(e) : e;
    } finally {
      reading = false;
    }
    if (stalled) {
      throw silence(null);
    }
    return count;
  }

  private IOException silence(@Nullable IOException cause) {
    return new IOException("nothing came for %d s".formatted(patience.toSeconds()), cause);
  }

  @Override
  public void close() throws IOException {
    watch.interrupt();
    super.close();
  }
}

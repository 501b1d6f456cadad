package dev.mneme.cli;

import dev.mneme.store.packs.FetchListener;
import org.jspecify.annotations.Nullable;

/** One {@link Progress} bar after the other for the files of a pack. */
final class FetchBars implements FetchListener, AutoCloseable {

  private @Nullable Progress bar;
  private String file = "";
  private long done;

  @Override
  public void at(String name, long now, long all) {
    if (bar == null || !name.equals(file)) {
      close();
      bar = new Progress(name, " bytes", Math.max(all, 0), now);
      file = name;
      done = now;
    }
    bar.advance(now - done);
    done = now;
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}

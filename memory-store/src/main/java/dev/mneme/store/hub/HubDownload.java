package dev.mneme.store.hub;

import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.store.hub.HubClient.Body;
import dev.mneme.store.net.WebAddress;
import dev.mneme.store.packs.FetchListener;
import dev.mneme.store.packs.FreeSpace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * One file on its way from a hub to a folder. What has come stays there as {@code NAME.part} until
 * the rest follows, also from another process; {@code NAME} itself has the digest that the hub
 * lists.
 */
final class HubDownload implements Retries.Attempt<Path> {

  private static final int BUFFER_BYTES = 1 << 16;

  /** An attempt has to get further by a part of the file, so that even a mean server ends. */
  private static final int STEPS = 1000;

  private final HubClient client;
  private final HubReference reference;
  private final URI address;
  private final HubFile file;
  private final Path whole;
  private final Path part;
  private final FetchListener listener;
  private boolean inherited;
  private long furthest;

  /**
   * A download that has not begun.
   *
   * @param reference pins the commit
   */
  HubDownload(
      HubClient client, HubReference reference, HubFile file, Path folder, FetchListener listener) {
    this.client = client;
    this.reference = reference;
    address = client.fileAddress(reference, file.name());
    this.file = file;
    whole = folder.resolve(file.name());
    part = folder.resolve(file.name() + ".part");
    this.listener = listener;
    inherited = Files.exists(part) || Files.exists(whole);
  }

  /** How much of the file has been here at once, in thousandths. */
  @Override
  public long progress() {
    return file.bytes() == 0 ? 0 : (long) ((double) furthest / file.bytes() * STEPS);
  }

  /**
   * Fetches what is missing.
   *
   * @return the whole file
   * @throws PackIntegrityException if the server sends another file than the hub lists; nothing of
   *     it is kept
   */
  @Override
  public Path run() throws IOException, InterruptedException {
    if (Files.exists(whole)) {
      Files.move(whole, part, StandardCopyOption.REPLACE_EXISTING); // and is checked again
    }
    if (begun() < file.bytes() || !Files.exists(part)) {
      fetch();
    }
    String found = file.digestOf(part);
    if (!found.equals(file.digest().hex())) {
      Files.delete(part);
      if (inherited) { // what an earlier process left may be to blame
        inherited = false;
        return run();
      }
      throw wrong("has the digest %s, expected %s".formatted(found, file.digest().hex()));
    }
    return Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Bytes that are there already, and can be the beginning of the file. */
  private long begun() throws IOException {
    if (!Files.exists(part)) {
      return 0;
    }
    long bytes = Files.size(part);
    if (bytes > file.bytes()) {
      Files.delete(part);
      return 0;
    }
    return bytes;
  }

  private void fetch() throws IOException, InterruptedException {
    long from = begun();
    FreeSpace.require(part, file.bytes() - from, file.name());
    try (Body body = client.open(address, from);
        FileChannel out =
            FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      if (body.commit().filter(HubReference::isCommit).isPresent()
          && !body.commit().get().equals(reference.revision())) {
        throw wrong(
            "is of the commit %s instead of %s"
                .formatted(body.commit().get(), reference.revision()));
      }
      if (body.all().isPresent() && body.all().get() != file.bytes()) {
        throw wrong("has %d bytes, expected %d".formatted(body.all().get(), file.bytes()));
      }
      if (body.from() > from) {
        throw new IOException(
            "%s answers from byte %d on, asked was %d"
                .formatted(WebAddress.display(address), body.from(), from));
      }
      out.truncate(body.from());
      copy(body, out.position(body.from()));
    }
    if (Files.size(part) < file.bytes()) {
      throw new IOException(
          "%s ends after %d of %d bytes"
              .formatted(WebAddress.display(address), Files.size(part), file.bytes()));
    }
  }

  private void copy(Body body, FileChannel out) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    for (int count = read(body, buffer); count >= 0; count = read(body, buffer)) {
      if (out.position() + count > file.bytes()) {
        out.truncate(0);
        throw wrong("has more than the expected %d bytes".formatted(file.bytes()));
      }
      write(out, ByteBuffer.wrap(buffer, 0, count));
      furthest = Math.max(furthest, out.position());
      listener.at(file.name(), out.position(), file.bytes());
    }
  }

  private static int read(Body body, byte[] buffer) throws IOException {
    return body.stream().read(buffer);
  }

  /** A disk that is full stays full: that is not tried again. */
  private static void write(FileChannel out, ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private PackIntegrityException wrong(String what) {
    return new PackIntegrityException(
        "%s is not the file that the hub lists: it %s; fetch it again, and tell the repository's owner if it stays so"
            .formatted(WebAddress.display(address), what));
  }

  /**
   * Fetches a file, trying again where that may help.
   *
   * @throws MnemeException if it cannot be had or written
   */
  static Path fetch(HubDownload download, Retries retries) {
    try {
      return retries.run("fetching " + WebAddress.display(download.address), download);
    } catch (UncheckedIOException e) {
      throw new MnemeException(
          "cannot write %s: %s".formatted(download.part, FailureText.of(e)), e);
    }
  }
}

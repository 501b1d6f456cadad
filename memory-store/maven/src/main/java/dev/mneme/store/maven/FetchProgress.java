package dev.mneme.store.maven;

import dev.mneme.store.packs.FetchListener;
import java.nio.file.Path;
import org.eclipse.aether.transfer.AbstractTransferListener;
import org.eclipse.aether.transfer.TransferEvent;

/** Tells a listener how an artifact comes in; what else Maven fetches is not worth telling. */
final class FetchProgress extends AbstractTransferListener {

  private final String extension;
  private final FetchListener listener;

  /**
   * For one artifact.
   *
   * @param extension of its file
   */
  FetchProgress(String extension, FetchListener listener) {
    this.extension = "." + extension;
    this.listener = listener;
  }

  @Override
  public void transferStarted(TransferEvent event) {
    tell(event);
  }

  @Override
  public void transferProgressed(TransferEvent event) {
    tell(event);
  }

  private void tell(TransferEvent event) {
    Path file = Path.of(event.getResource().getResourceName());
    if (file.toString().endsWith(extension)) {
      listener.at(
          String.valueOf(file.getFileName()),
          event.getTransferredBytes(),
          event.getResource().getContentLength());
    }
  }
}

package dev.mneme.store.hub;

import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.PackIntegrityException;
import dev.mneme.store.PackManifest;
import dev.mneme.store.files.Problems;
import dev.mneme.store.net.WebAddress;
import dev.mneme.store.packs.DownloadFolder;
import dev.mneme.store.packs.FetchListener;
import dev.mneme.store.packs.PackSignature;
import dev.mneme.store.packs.PackSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Optional;

/** A pack in a hub's repository. Each file is fetched when it is first opened. */
final class HubPack implements PackSource {

  private static final long LARGEST_SMALL_FILE = 4L << 20;

  private final HubClient client;
  private final Retries retries;
  private final HubReference reference;
  private final HubListing listing;
  private final DownloadFolder folder;
  private final FetchListener listener;
  private final byte[] manifestBytes;
  private final PackManifest manifest;
  private final Optional<byte[]> signature;

  private HubPack(
      HubClient client,
      Retries retries,
      HubReference reference,
      HubListing listing,
      DownloadFolder folder,
      FetchListener listener) {
    this.client = client;
    this.retries = retries;
    this.reference = reference;
    this.listing = listing;
    this.folder = folder;
    this.listener = listener;
    manifestBytes =
        small(PackManifest.FILE)
            .orElseThrow(
                () ->
                    new MnemeException(
                        "%s has no %s, so it is no pack; download the model and make one with `mneme import`"
                            .formatted(reference, PackManifest.FILE)));
    manifest = PackManifest.parse(reference + "/" + PackManifest.FILE, manifestBytes);
    requireListed();
    signature = small(PackSignature.FILE);
  }

  /**
   * Looks a repository up and fetches its manifest.
   *
   * @param client closed with the pack, and if this fails
   * @param downloads where files are kept on their way
   */
  static HubPack open(
      HubClient client,
      Retries retries,
      HubReference asked,
      Path downloads,
      FetchListener listener) {
    try {
      HubListing listing = retries.run("asking for " + asked, new Listing(client, asked));
      HubReference pinned = asked.at(listing.commit());
      DownloadFolder folder = DownloadFolder.claim(downloads, pinned.toString());
      try {
        return new HubPack(client, retries, pinned, listing, folder, listener);
      } catch (RuntimeException e) {
        folder.close();
        throw e;
      }
    } catch (RuntimeException e) {
      client.close();
      throw e;
    }
  }

  /** Asking for a listing. */
  private record Listing(HubClient client, HubReference reference)
      implements Retries.Attempt<HubListing> {

    @Override
    public HubListing run() throws IOException, InterruptedException {
      var address = client.listingAddress(reference);
      return HubListing.parse(WebAddress.display(address), client.read(address));
    }

    @Override
    public long progress() {
      return 0;
    }
  }

  /** The content of a small file, if the repository has it. */
  private Optional<byte[]> small(String name) {
    HubFile file = listing.files().get(name);
    if (file == null) {
      return Optional.empty();
    }
    if (file.bytes() > LARGEST_SMALL_FILE) {
      throw new PackIntegrityException(
          "%s: %s takes %d bytes, at most %d are allowed"
              .formatted(reference, name, file.bytes(), LARGEST_SMALL_FILE));
    }
    try {
      return Optional.of(Files.readAllBytes(fetch(file)));
    } catch (IOException e) {
      throw new MnemeException(
          "cannot read what was fetched of %s: %s".formatted(name, FailureText.of(e)), e);
    }
  }

  private Path fetch(HubFile file) {
    folder.begin();
    var download = new HubDownload(client, reference, file, folder.path(), listener);
    Path fetched = HubDownload.fetch(download, retries);
    folder.end();
    return fetched;
  }

  /** Before anything large is fetched: the hub has what the manifest lists. */
  private void requireListed() {
    var problems = new ArrayList<String>();
    for (PackManifest.Entry entry : manifest.files()) {
      HubFile file = listing.files().get(entry.name());
      if (file == null) {
        problems.add("\"%s\" is listed but absent".formatted(entry.name()));
      } else if (file.bytes() != entry.bytes()) {
        problems.add(
            "\"%s\" has %d bytes, expected %d"
                .formatted(entry.name(), file.bytes(), entry.bytes()));
      } else if (file.digest() instanceof HubFile.Digest.Sha256(String hex)
          && !hex.equals(entry.sha256())) {
        problems.add(
            "\"%s\" has SHA-256 %s, expected %s".formatted(entry.name(), hex, entry.sha256()));
      }
    }
    if (!problems.isEmpty()) {
      throw new PackIntegrityException(
          "%s is not the pack its %s describes; ask its owner to put it right: %s"
              .formatted(reference, PackManifest.FILE, Problems.join(problems)));
    }
  }

  @Override
  public String origin() {
    return reference.toString();
  }

  @Override
  public byte[] manifestBytes() {
    return manifestBytes.clone();
  }

  @Override
  public PackManifest manifest() {
    return manifest;
  }

  @Override
  public Optional<byte[]> signature() {
    return signature.map(byte[]::clone);
  }

  @Override
  public InputStream open(PackManifest.Entry entry) throws IOException {
    HubFile file = listing.files().get(entry.name());
    if (file == null) {
      throw new IOException("%s has no file %s".formatted(reference, entry.name()));
    }
    return Files.newInputStream(fetch(file));
  }

  @Override
  public void close() {
    client.close();
    folder.close();
  }
}

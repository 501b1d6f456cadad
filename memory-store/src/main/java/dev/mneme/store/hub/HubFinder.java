package dev.mneme.store.hub;

import dev.mneme.store.MnemeHome;
import dev.mneme.store.net.ProxyChoice;
import dev.mneme.store.packs.FetchListener;
import dev.mneme.store.packs.PackFinder;
import dev.mneme.store.packs.PackSource;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Finds packs in the repositories of a Hugging Face hub: {@code hf:OWNER/NAME@REVISION}. The
 * repository holds a pack's files at its top; the environment says which hub and with which token,
 * by the variables that Hugging Face's own tools read ({@code HF_ENDPOINT}, {@code HF_TOKEN},
 * {@code HF_HOME}, {@code HF_HUB_OFFLINE}); {@link ProxyChoice} says through which proxy.
 *
 * <p>Cut connections and busy servers are tried again; what has come of a file is kept under {@link
 * MnemeHome} and continued by the next attempt, also of another process. Every file is checked
 * against the digest that the hub lists.
 */
public final class HubFinder implements PackFinder {

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @Override
  public String scheme() {
    return "hf";
  }

  @Override
  public String syntax() {
    return HubReference.SYNTAX;
  }

  @Override
  public PackSource find(String name, FetchListener listener) {
    HubReference reference = HubReference.parse(name);
    HubSettings settings =
        HubSettings.of(System.getenv(), Path.of(System.getProperty("user.home")));
    return HubPack.open(
        new HubClient(settings, PATIENCE, ProxyChoice.ofProcess()),
        Retries.STANDARD,
        reference,
        MnemeHome.folder().resolve("downloads"),
        listener);
  }
}

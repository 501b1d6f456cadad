package dev.mneme.store.maven;

import com.google.common.base.Throwables;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.store.net.WebAddress;
import java.net.URI;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.http.client.HttpResponseException;
import org.eclipse.aether.repository.RemoteRepository;
import org.eclipse.aether.resolution.ArtifactResolutionException;
import org.eclipse.aether.transfer.ArtifactNotFoundException;
import org.eclipse.aether.transfer.ArtifactTransferException;
import org.eclipse.aether.transfer.ChecksumFailureException;
import org.eclipse.aether.transfer.RepositoryOfflineException;
import org.eclipse.aether.transport.http.RFC9457.HttpRFC9457Exception;

/**
 * Why a repository did not give an artifact, in words for people.
 *
 * @param what which repository did what
 */
record FailedFetch(Kind kind, String what) {

  /** A release is looked for only where releases are, a snapshot only where snapshots are. */
  private static final String NO_REPOSITORY =
      "the local repository, the only one here that is set up for such a version,";

  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;
  private static final int PROXY_UNAUTHORIZED = 407;

  /** What went wrong; what says more about how to go on comes first. */
  private enum Kind {
    CHECKSUM(
        "nothing of it is used; try again, and if it stays so tell whoever runs the repository,"
            + " which must have the artifact's checksum files as `mvn deploy` writes them"),
    REFUSED(
        "check the user name and password in the <server> of that id (or the <proxy>) in Maven's"
            + " settings.xml"),
    BROKEN("try again, and check the repository's address and proxy in Maven's settings.xml"),
    OFFLINE("get it once while Maven is online: <offline> is set in settings.xml"),
    ABSENT("check the coordinates, and the repositories and mirrors in Maven's settings.xml");

    private final String advice;

    Kind(String advice) {
      this.advice = advice;
    }
  }

  /** What to throw for an artifact that no repository gave. */
  static MnemeException of(MavenCoordinates coordinates, ArtifactResolutionException e) {
    List<FailedFetch> failures =
        Stream.concat(
                e.getResult().getExceptions().stream(),
                e.getResult().getExceptions().isEmpty() ? Stream.of(e) : Stream.empty())
            .map(FailedFetch::of)
            .distinct()
            .toList();
    Kind worst = failures.stream().map(FailedFetch::kind).min(Comparator.naturalOrder()).get();
    String message =
        "cannot get %s: %s; %s"
            .formatted(
                coordinates,
                failures.stream().map(FailedFetch::what).collect(Collectors.joining(", ")),
                worst.advice);
    return WebAddress.hasSecrets(e)
        ? new MnemeException(message) // the cause would show them in a stack trace
        : new MnemeException(message, e);
  }

  private static FailedFetch of(Exception e) {
    String where = repository(e).map(FailedFetch::name).orElse(NO_REPOSITORY);
    for (Throwable cause : Throwables.getCausalChain(e)) {
      int status = status(cause);
      if (status == UNAUTHORIZED || status == FORBIDDEN || status == PROXY_UNAUTHORIZED) {
        return new FailedFetch(Kind.REFUSED, "%s refuses it (%d)".formatted(where, status));
      }
      if (cause instanceof ChecksumFailureException) {
        return new FailedFetch(Kind.CHECKSUM, "%s: %s".formatted(where, reason(cause)));
      }
      if (cause instanceof RepositoryOfflineException) {
        return new FailedFetch(
            Kind.OFFLINE, "it has not been fetched from %s before".formatted(where));
      }
    }
    if (e instanceof ArtifactNotFoundException) {
      return new FailedFetch(Kind.ABSENT, "%s does not have it".formatted(where));
    }
    return new FailedFetch(
        Kind.BROKEN, "%s: %s".formatted(where, reason(Throwables.getRootCause(e))));
  }

  private static String reason(Throwable failure) {
    return WebAddress.redact(FailureText.of(failure));
  }

  private static int status(Throwable cause) {
    return switch (cause) {
      case HttpResponseException plain -> plain.getStatusCode();
      case HttpRFC9457Exception explained -> explained.getStatusCode();
      default -> 0;
    };
  }

  private static Optional<RemoteRepository> repository(Exception e) {
    return e instanceof ArtifactTransferException transfer
        ? Optional.ofNullable(transfer.getRepository())
        : Optional.empty();
  }

  /** Its id and address, without a password that somebody put there. */
  private static String name(RemoteRepository repository) {
    String address;
    try {
      address = WebAddress.display(URI.create(repository.getUrl()));
    } catch (IllegalArgumentException e) {
      address = WebAddress.redact(repository.getUrl());
    }
    return "%s (%s)".formatted(repository.getId(), address);
  }
}

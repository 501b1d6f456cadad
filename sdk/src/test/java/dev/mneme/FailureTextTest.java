package dev.mneme;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import java.util.zip.ZipException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Exceptions whose own text is null or only a path. */
class FailureTextTest {

  private static Throwable causedBy(Throwable failure, Throwable cause) {
    return failure.initCause(cause);
  }

  private static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(new NoSuchFileException("/a/b"), "no such file: /a/b"),
        Arguments.of(new AccessDeniedException("/a"), "permission denied: /a"),
        Arguments.of(
            new FileSystemException("/a", null, "Too many open files"), "/a: Too many open files"),
        Arguments.of(new MalformedInputException(1), "it is not valid text in UTF-8"),
        Arguments.of(new EOFException(), "it ends too early"),
        Arguments.of(new UnknownHostException("h"), "the host's name is not known to DNS: h"),
        Arguments.of(
            causedBy(new ConnectException(), new UnresolvedAddressException()),
            "the host's name is not known to DNS"),
        Arguments.of(new ConnectException(), "the connection was refused"),
        Arguments.of(
            causedBy(new ConnectException(), new ClosedChannelException()),
            "the connection was refused"),
        Arguments.of(
            new ConnectException("Network is unreachable"),
            "the connection failed: Network is unreachable"),
        Arguments.of(new HttpTimeoutException("request timed out"), "no answer came in time"),
        Arguments.of(
            new SSLHandshakeException("no such certificate"),
            "the TLS connection failed: no such certificate"),
        Arguments.of(new InterruptedException(), "it was interrupted"),
        Arguments.of(new InterruptedIOException(), "it was interrupted"),
        Arguments.of(new ClosedByInterruptException(), "it was interrupted"),
        Arguments.of(new IOException("of our own"), "of our own"),
        Arguments.of(new MnemeException("law is no pack"), "law is no pack"),
        Arguments.of(new ZipException("bad header"), "ZipException: bad header"),
        Arguments.of(new NullPointerException(), "NullPointerException"),
        Arguments.of(new UncheckedIOException(new NoSuchFileException("/a")), "no such file: /a"),
        Arguments.of(new ExecutionException(new InterruptedException()), "it was interrupted"),
        Arguments.of(new IOException("a\nb"), "a\\nb"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void aFailureIsSaidInWords(Throwable failure, String words) {
    assertThat(FailureText.of(failure)).isEqualTo(words);
  }

  @Test
  void aCircleOfCausesEnds() {
    var first = new IOException((String) null);
    var second = new IOException((String) null, first);
    first.initCause(second);
    assertThat(FailureText.of(first)).isEqualTo("IOException");
  }
}

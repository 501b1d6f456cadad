package dev.mneme.store.net;

import com.google.common.base.Preconditions;
import com.google.common.base.Throwables;
import dev.mneme.PrintableText;
import java.net.URI;
import java.util.regex.Pattern;

/**
 * Web addresses as messages may show them. An address can hold secrets: a user and password before
 * the host, a signature or token in the query.
 */
public final class WebAddress {

  private static final int LONGEST = 300;

  private static final Pattern QUERY = Pattern.compile("(?<=://)([^\\s?#]*)[?#]\\S*");

  private WebAddress() {}

  /** Scheme, host, port and path of an address. */
  public static String display(URI address) {
    if (address.getHost() == null) {
      return redact(address.toString());
    }
    String port = address.getPort() < 0 ? "" : ":" + address.getPort();
    String path = address.getRawPath() == null ? "" : address.getRawPath();
    String query = address.getRawQuery() == null ? "" : "?...";
    return PrintableText.of(
        "%s://%s%s%s%s".formatted(address.getScheme(), address.getHost(), port, path, query),
        LONGEST);
  }

  /** Host and port of an address, the port of its scheme where it names none. */
  public static String server(URI address) {
    return "%s:%d".formatted(address.getHost(), port(address));
  }

  /** The port of an address, or else of its scheme. */
  static int port(URI address) {
    if (address.getPort() >= 0) {
      return address.getPort();
    }
    return "https".equals(address.getScheme()) ? 443 : 80;
  }

  /** Any text, with users, passwords and queries of the addresses in it replaced by stars. */
  public static String redact(String text) {
    return QUERY.matcher(PrintableText.withoutLogins(text)).replaceAll("$1?...");
  }

  /** Whether a stack trace of a failure would show a secret of an address. */
  public static boolean hasSecrets(Throwable failure) {
    String trace = Throwables.getStackTraceAsString(failure);
    return !redact(trace).equals(trace);
  }

  /** An address without user and password. */
  public static URI withoutLogin(URI address) {
    String login = address.getRawUserInfo();
    if (login == null) {
      return address;
    }
    String authority = Preconditions.checkNotNull(address.getRawAuthority());
    String text = address.toString();
    return URI.create(
        text.replace("//" + authority, "//" + authority.substring(login.length() + 1)));
  }
}

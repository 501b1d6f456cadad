package dev.mneme.store.net;

import com.google.common.base.Ascii;
import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import com.google.common.net.InetAddresses;
import com.google.common.primitives.Ints;
import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The servers that are asked without a proxy, as {@code NO_PROXY} lists them: names with their
 * subdomains, with or without a dot or {@code *.} before them, addresses, networks as {@code
 * 10.0.0.0/8}, each with a port or for all; {@code *} is every server. Entries stand between commas
 * or blanks.
 */
record NoProxy(List<String> entries) {

  private static final Splitter ENTRIES =
      Splitter.on(CharMatcher.anyOf(",").or(CharMatcher.whitespace()))
          .trimResults()
          .omitEmptyStrings();

  static NoProxy parse(String text) {
    return new NoProxy(ENTRIES.splitToList(Ascii.toLowerCase(text)));
  }

  /** Whether a server is asked directly. */
  boolean includes(URI address) {
    String host = bare(Ascii.toLowerCase(address.getHost()));
    return entries.stream().anyMatch(entry -> matches(entry, host, WebAddress.port(address)));
  }

  private static boolean matches(String entry, String host, int port) {
    if (entry.equals("*")) {
      return true;
    }
    if (entry.contains("/")) {
      return isInNetwork(entry, host);
    }
    int colon = entry.lastIndexOf(':');
    boolean hasPort = colon > 0 && (entry.indexOf(':') == colon || entry.charAt(colon - 1) == ']');
    if (hasPort) {
      Integer only = Ints.tryParse(entry.substring(colon + 1));
      return only != null && only == port && isHost(entry.substring(0, colon), host);
    }
    return isHost(entry, host);
  }

  private static boolean isHost(String entry, String host) {
    InetAddress listed = ip(bare(entry));
    if (listed != null) {
      return listed.equals(ip(host));
    }
    if (ip(host) != null) {
      return false; // an address has no subdomains
    }
    String name = bare(entry.startsWith("*.") ? entry.substring(1) : entry);
    String domain = CharMatcher.is('.').trimLeadingFrom(name);
    return !domain.isEmpty() && (host.equals(domain) || host.endsWith("." + domain));
  }

  /** Without the brackets of an IPv6 address and the dot that ends a full name. */
  private static String bare(String host) {
    String name =
        host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }

  private static @Nullable InetAddress ip(String text) {
    return InetAddresses.isInetAddress(text) ? InetAddresses.forString(text) : null;
  }

  private static boolean isInNetwork(String entry, String host) {
    int slash = entry.indexOf('/');
    InetAddress network = ip(bare(entry.substring(0, slash)));
    InetAddress address = ip(host);
    Integer bits = Ints.tryParse(entry.substring(slash + 1));
    if (network == null || address == null || bits == null || bits < 0) {
      return false;
    }
    byte[] first = network.getAddress();
    byte[] second = address.getAddress();
    if (first.length != second.length || bits > first.length * Byte.SIZE) {
      return false;
    }
    for (int bit = 0; bit < bits; bit++) {
      int mask = 0x80 >> (bit % Byte.SIZE);
      if (((first[bit / Byte.SIZE] ^ second[bit / Byte.SIZE]) & mask) != 0) {
        return false;
      }
    }
    return true;
  }
}

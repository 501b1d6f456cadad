package dev.mneme.store.hub;

import com.google.common.primitives.Longs;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which part of a file an answer has, as {@code bytes 100-199/200} (RFC 9110, section 14.4).
 *
 * @param from the first byte
 * @param all bytes of the whole file, where it is said
 */
record ContentRange(long from, Optional<Long> all) {

  private static final Pattern RANGE = Pattern.compile("bytes (\\d+)-\\d+/(\\d+|\\*)");

  /** Reads the header; nothing if it is none. */
  static Optional<ContentRange> parse(String header) {
    Matcher matcher = RANGE.matcher(header);
    return matcher.matches()
        ? Optional.ofNullable(Longs.tryParse(matcher.group(1)))
            .map(from -> new ContentRange(from, whole(matcher.group(2))))
        : Optional.empty();
  }

  private static Optional<Long> whole(String text) {
    return Optional.ofNullable(Longs.tryParse(text));
  }
}

package dev.mneme.store.files;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A name for what one process keeps on disk, by which others can tell whether that process still
 * runs. Operating systems use a process number again, so the time the process began is part of it.
 */
public final class Owner {

  /** The form of a name, as a regular expression; the groups are the number and the begin. */
  static final String FORM = "(\\d{1,18})-(\\d{1,18})-[0-9a-f-]{8,36}";

  private static final Pattern NAME = Pattern.compile(FORM);

  private Owner() {}

  /** A new name of this process. */
  public static String newName() {
    return prefix() + UUID.randomUUID();
  }

  /** A new name of this process for a part of a file name, which has a limited length. */
  static String newShortName() {
    return "%s%08x".formatted(prefix(), ThreadLocalRandom.current().nextInt());
  }

  private static String prefix() {
    ProcessHandle process = ProcessHandle.current();
    return "%d-%d-".formatted(process.pid(), began(process));
  }

  /** Whether a name is of a process that has ended; what is no such name is nobody's. */
  public static boolean hasEnded(String name) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      return true;
    }
    Optional<ProcessHandle> process = ProcessHandle.of(Long.parseLong(matcher.group(1)));
    return process.isEmpty() || began(process.get()) != Long.parseLong(matcher.group(2));
  }

  private static long began(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }
}

package dev.mneme.store.packs;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A name for what one process keeps in a store, by which others can tell whether that process still
 * runs. Operating systems use a process number again, so the time the process began is part of it.
 */
final class Owner {

  private static final Pattern NAME = Pattern.compile("(\\d{1,18})-(\\d{1,18})-[0-9a-f-]{36}");

  private Owner() {}

  /** A new name of this process. */
  static String newName() {
    ProcessHandle process = ProcessHandle.current();
    return "%d-%d-%s".formatted(process.pid(), began(process), UUID.randomUUID());
  }

  /** Whether a name is of a process that has ended; what is no such name is nobody's. */
  static boolean hasEnded(String name) {
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

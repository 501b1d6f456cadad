package dev.mneme.store.natives;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Who can change what a path leads to: every folder, link and file on the way is looked at, as each
 * could be replaced by whoever may write to the folder that holds it.
 */
final class PathOwnership {

  private static final int ADMINISTRATOR = 0;
  private static final int TYPE = 0170000;
  private static final int FOLDER = 0040000;
  private static final int LINK = 0120000;
  private static final int STICKY = 01000;
  private static final int WRITABLE_BY_OTHERS = 022;
  private static final int WRITABLE_BY_ALL = 02;
  private static final int OPEN_TO_OTHERS = 077;
  private static final int MOST_LINKS = 40;

  private final Optional<Integer> user;

  /**
   * @param user the account whose files are trusted, beside the administrator's; empty to trust all
   */
  PathOwnership(Optional<Integer> user) {
    this.user = user;
  }

  /**
   * Who else can change it; empty if nobody.
   *
   * @param path absolute; what does not exist yet ends the way
   */
  Optional<String> objection(Path path) {
    if (user.isEmpty()) {
      return Optional.empty();
    }
    try {
      return walk(path, user.get());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of("it cannot be looked at: " + e);
    }
  }

  private static Optional<String> walk(Path path, int user) throws IOException {
    Deque<Path> rest = new ArrayDeque<>();
    path.forEach(rest::addLast);
    Path at = path.getRoot();
    boolean closed = false; // others cannot come past a folder that is closed to them
    int links = 0;
    while (!rest.isEmpty()) {
      Path name = rest.removeFirst();
      if (name.toString().equals(".") || name.toString().isEmpty()) {
        continue;
      }
      if (name.toString().equals("..")) {
        at = at.getParent() == null ? at : at.getParent();
        closed = false;
        continue;
      }
      Path next = at.resolve(name);
      Map<String, Object> found =
          Files.readAttributes(next, "unix:uid,gid,mode", LinkOption.NOFOLLOW_LINKS);
      int owner = (Integer) Objects.requireNonNull(found.get("uid"));
      int mode = (Integer) Objects.requireNonNull(found.get("mode"));
      int group = (Integer) Objects.requireNonNull(found.get("gid"));
      // An account's own group has its number; a umask of 002 opens new folders to it.
      boolean privateGroup = group == owner || group == ADMINISTRATOR;
      int writable = privateGroup ? WRITABLE_BY_ALL : WRITABLE_BY_OTHERS;
      if (owner != user && owner != ADMINISTRATOR) {
        return Optional.of(
            "%s belongs to another user (owner %d, expected %d or %d)"
                .formatted(next, owner, user, ADMINISTRATOR));
      }
      if ((mode & TYPE) == LINK) {
        Path target = Files.readSymbolicLink(next);
        if (++links > MOST_LINKS) {
          return Optional.of("%s leads through more than %d links".formatted(next, MOST_LINKS));
        }
        for (int i = target.getNameCount() - 1; i >= 0; i--) {
          rest.addFirst(target.getName(i));
        }
        if (target.isAbsolute()) {
          at = target.getRoot();
          closed = false;
        }
        continue;
      }
      boolean folder = (mode & TYPE) == FOLDER;
      // In a sticky folder others can add files but not replace those that are there.
      boolean protectedInside = folder && !rest.isEmpty() && (mode & STICKY) != 0;
      if (!closed && !protectedInside && (mode & writable) != 0) {
        return Optional.of(
            "others can write to %s (permissions %s, owner %d)"
                .formatted(next, Integer.toOctalString(mode & 07777), owner));
      }
      closed |= folder && (mode & OPEN_TO_OTHERS) == 0;
      at = next;
    }
    return Optional.empty();
  }
}

package dev.mneme.store.natives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EnabledOnOs({OS.LINUX, OS.MAC})
class PathOwnershipTest {

  private static final int ANOTHER = 12345;

  @TempDir private Path temporary;
  private Path open = Path.of("");

  /** A folder that others can look into, so that nothing above hides what is inside. */
  @BeforeEach
  void inAnOpenFolder() throws IOException {
    mode(temporary, "rwxr-xr-x");
    open = Files.createDirectory(temporary.toRealPath().resolve("open"));
    mode(open, "rwxr-xr-x");
  }

  private static Path mode(Path path, String permissions) throws IOException {
    return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  private static Optional<String> objection(Path path) {
    return new PathOwnership(ProcessUser.id()).objection(path);
  }

  private static void giveAway(Path path) throws IOException {
    assumeTrue(ProcessUser.id().equals(Optional.of(0)), "only root gives files away");
    Files.setAttribute(path, "unix:uid", ANOTHER);
  }

  @Test
  void whatThisUserAloneCanWriteIsAccepted() throws IOException {
    Path library = Files.writeString(open.resolve("lib.so"), "");
    mode(library, "rw-r--r--");
    assertThat(objection(library)).isEmpty();
  }

  @Test
  void whatDoesNotExistIsJudgedByTheFoldersAbove() throws IOException {
    assertThat(objection(open.resolve("a/b"))).isEmpty();
    mode(open, "rwxrwxrwx");
    assertThat(objection(open.resolve("a/b")).orElseThrow())
        .contains("others can write to " + open);
  }

  @ParameterizedTest
  @ValueSource(strings = {"rwxrwxrwx", "rwxr-xrwx"})
  void aFolderThatAllCanWriteToIsRefused(String permissions) throws IOException {
    assertThat(objection(mode(open, permissions)).orElseThrow())
        .contains("others can write to " + open);
  }

  @Test
  void aFolderThatAnotherGroupCanWriteToIsRefused() throws IOException {
    assumeTrue(ProcessUser.id().equals(Optional.of(0)), "only root gives files away");
    Files.setAttribute(mode(open, "rwxrwxr-x"), "unix:gid", ANOTHER);
    assertThat(objection(open).orElseThrow()).contains("others can write to " + open);
  }

  @Test
  void aFolderThatTheAccountsOwnGroupCanWriteToIsAccepted() throws IOException {
    mode(open, "rwxrwxr-x"); // as a umask of 002 makes it
    assumeTrue(Files.getAttribute(open, "unix:gid").equals(Files.getAttribute(open, "unix:uid")));
    assertThat(objection(open)).isEmpty();
  }

  @Test
  void aFileThatAllCanWriteIsRefused() throws IOException {
    Path library = mode(Files.writeString(open.resolve("lib.so"), ""), "rw-rw-rw-");
    assertThat(objection(library).orElseThrow()).contains("others can write to " + library);
  }

  @Test
  void aStickyFolderIsAcceptedOnTheWayButNotAsTheEnd() throws IOException {
    Files.setAttribute(open, "unix:mode", 01777);
    Path inside = mode(Files.createDirectory(open.resolve("mine")), "rwxr-xr-x");
    assertThat(objection(inside)).isEmpty();
    assertThat(objection(open).orElseThrow()).contains("permissions 1777");
  }

  @Test
  void aFolderThatIsClosedToOthersProtectsWhatIsInside() throws IOException {
    mode(open, "rwx------");
    Path inside = mode(Files.createDirectory(open.resolve("loose")), "rwxrwxrwx");
    assertThat(objection(inside)).isEmpty();
  }

  @Test
  void aLinkOutOfAClosedFolderIsNotProtectedByIt() throws IOException {
    Path loose = mode(Files.createDirectory(open.resolve("loose")), "rwxrwxrwx");
    Path closed = mode(Files.createDirectory(open.resolve("closed")), "rwx------");
    Path link = Files.createSymbolicLink(closed.resolve("link"), loose);
    Path relative = Files.createSymbolicLink(closed.resolve("up"), Path.of("../loose"));
    assertThat(objection(link).orElseThrow()).contains("others can write to " + loose);
    assertThat(objection(relative.resolve("lib.so")).orElseThrow())
        .contains("others can write to " + loose);
  }

  @Test
  void linksInACircleAreRefused() throws IOException {
    Path a = open.resolve("a");
    Files.createSymbolicLink(a, open.resolve("b"));
    Files.createSymbolicLink(open.resolve("b"), a);
    assertThat(objection(a.resolve("lib.so")).orElseThrow()).contains("links");
  }

  @Test
  void whatBelongsToAnotherUserIsRefused() throws IOException {
    Path folder = mode(Files.createDirectory(open.resolve("theirs")), "rwx------");
    giveAway(folder);
    assertThat(objection(folder.resolve("lib.so")).orElseThrow())
        .contains(folder + " belongs to another user (owner 12345");
  }

  @Test
  void aLinkOfAnotherUserIsRefused() throws IOException {
    Path target = mode(Files.createDirectory(open.resolve("mine")), "rwx------");
    Path link = Files.createSymbolicLink(open.resolve("link"), target);
    assumeTrue(ProcessUser.id().equals(Optional.of(0)), "only root gives files away");
    Files.setAttribute(link, "unix:uid", ANOTHER, LinkOption.NOFOLLOW_LINKS);
    assertThat(objection(link).orElseThrow()).contains(link + " belongs to another user");
  }

  @Test
  void withoutUserNumbersNothingIsRefused() throws IOException {
    mode(open, "rwxrwxrwx");
    assertThat(new PathOwnership(Optional.empty()).objection(open)).isEmpty();
  }
}

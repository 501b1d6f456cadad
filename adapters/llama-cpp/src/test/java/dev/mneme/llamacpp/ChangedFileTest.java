package dev.mneme.llamacpp;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.HostSession;
import dev.mneme.MnemeException;
import dev.mneme.Rows;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model's file that another program changes while the model is in use. */
class ChangedFileTest {

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void write() {
    file = ByteLevelHost.write(directory.resolve("host.gguf"), "gpt-2", gguf -> {});
  }

  private static float[] logits(HostSession session) {
    session.truncate(0);
    return session.forward(new int[] {5, 6}, Rows.LAST).row(0).toArray(JAVA_FLOAT);
  }

  private void shorten() throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(100);
    }
  }

  /** As a copy over the file does, with the old date put back. */
  private void overwrite() throws IOException {
    FileTime date = Files.getLastModifiedTime(file);
    Files.write(file, new byte[(int) Files.size(file)], StandardOpenOption.WRITE);
    Files.setLastModifiedTime(file, date);
  }

  @Test
  void shorteningOrOverwritingTheFileChangesNothing() throws IOException {
    try (LlamaCppHost host = LlamaCppHost.open(file);
        HostSession session = host.openSession(1)) {
      float[] before = logits(session);
      overwrite();
      assertThat(logits(session)).isEqualTo(before);
      shorten();
      assertThat(logits(session)).isEqualTo(before);
    }
  }

  @Test
  void aMappedFileThatWasOverwrittenIsRefusedThoughItsDateWasPutBack() throws IOException {
    LlamaCppOptions mapped = LlamaCppOptions.defaults().withMemoryMapped(true);
    try (LlamaCppHost host = LlamaCppHost.open(file, mapped);
        HostSession session = host.openSession(1)) {
      logits(session);
      overwrite();
      assertThatThrownBy(() -> logits(session))
          .isInstanceOf(MnemeException.class)
          .hasMessageContaining("was changed");
    }
  }

  @Test
  void theIdentityOfAHostIsNotReadFromAChangedFile() throws IOException {
    try (LlamaCppHost host = LlamaCppHost.open(file)) {
      overwrite();
      assertThatThrownBy(host::identity)
          .isInstanceOf(MnemeException.class)
          .hasMessageContaining("was changed");
    }
  }
}

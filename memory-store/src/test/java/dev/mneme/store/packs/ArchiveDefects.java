package dev.mneme.store.packs;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What tests of defects in archives begin with: a valid archive, to be damaged and refused. */
abstract class ArchiveDefects {

  @TempDir Path directory;

  MemoryPack pack;
  Path archive;

  @BeforeEach
  void writeAnArchive() {
    Path model = TinyModel.write(TinyModel.directory(directory, "model"), Family.LLAMA, 3);
    pack = MemoryPack.importFrom(model, "law", "law", directory.resolve("law"));
    archive = directory.resolve("law.mpack");
    PackArchive.write(pack, archive);
  }

  void refuses(byte[] bytes, String... words) throws IOException {
    Files.write(archive, bytes);
    assertThatThrownBy(() -> PackArchive.open(archive).close())
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("law.mpack")
        .hasMessageContainingAll(words);
  }
}

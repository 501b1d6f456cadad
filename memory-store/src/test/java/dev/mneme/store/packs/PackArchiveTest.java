package dev.mneme.store.packs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MnemeException;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackManifest;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Packs in one file. */
class PackArchiveTest {

  @TempDir Path directory;

  private MemoryPack pack;
  private Path archive;

  @BeforeEach
  void writeAnArchive() {
    Path model = TinyModel.write(TinyModel.directory(directory, "model"), Family.LLAMA, 3);
    pack = MemoryPack.importFrom(model, "law", "law", directory.resolve("law"));
    archive = directory.resolve("law.mpack");
    PackArchive.write(pack, archive);
  }

  @Test
  void bringsWhatThePackHas() throws IOException {
    try (PackArchive opened = PackArchive.open(archive)) {
      assertThat(opened.manifest()).isEqualTo(pack.manifest());
      assertThat(opened.signature()).isEmpty();
      for (PackManifest.Entry file : pack.manifest().files()) {
        try (InputStream in = opened.open(file)) {
          assertThat(in.readAllBytes())
              .isEqualTo(Files.readAllBytes(pack.directory().resolve(file.name())));
        }
      }
    }
  }

  @Test
  void isTheSameBytesWhereverThePackLies() throws IOException {
    Path model = directory.resolve("model");
    MemoryPack again = MemoryPack.importFrom(model, "law", "law", directory.resolve("elsewhere"));
    Path other = directory.resolve("other.mpack");
    PackArchive.write(again, other);
    assertThat(other).hasSameBinaryContentAs(archive);
  }

  @Test
  void anyZipProgramReadsIt() throws IOException {
    try (var zip = new ZipFile(archive.toFile())) {
      var names = new ArrayList<String>();
      for (ZipEntry entry : Collections.list(zip.entries())) {
        names.add(entry.getName());
        try (InputStream in = zip.getInputStream(entry)) {
          assertThat(in.readAllBytes())
              .isEqualTo(Files.readAllBytes(pack.directory().resolve(entry.getName())));
        }
      }
      assertThat(names.getFirst()).isEqualTo("pack.json");
      assertThat(names).hasSize(pack.manifest().files().size() + 1);
    }
  }

  @Test
  void carriesTheSignature() throws IOException {
    byte[] signature = "{}".getBytes(StandardCharsets.UTF_8);
    Files.write(pack.directory().resolve(PackSignature.FILE), signature);
    PackArchive.write(pack, archive);
    try (PackArchive opened = PackArchive.open(archive)) {
      assertThat(opened.signature()).hasValue(signature);
    }
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> PackArchive.open(directory.resolve("none.mpack")))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("none.mpack");
  }

  @Test
  void isAsItsFormatSays() throws IOException {
    assertThat(ArchiveBytes.of(ArchiveBytes.files(pack))).isEqualTo(Files.readAllBytes(archive));
  }
}

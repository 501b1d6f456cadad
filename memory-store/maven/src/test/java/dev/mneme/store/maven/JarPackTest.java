package dev.mneme.store.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.PackIntegrityException;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackManifest;
import dev.mneme.store.packs.MemoryStore;
import dev.mneme.store.packs.PackArchive;
import dev.mneme.store.packs.PackSignature;
import dev.mneme.store.packs.Trust;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The one pack of a jar, and jars that are not made like that. */
class JarPackTest {

  private static final String LAW = "META-INF/mneme/packs/law/";

  @TempDir Path directory;

  private Path file;
  private MemoryPack law;

  @BeforeEach
  void makeAPack() {
    file = directory.resolve("packs.jar");
    law = TestJar.pack(directory, "law", 1);
  }

  private void assertMalformed(String... words) {
    assertThatThrownBy(() -> JarPack.open(file))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContainingAll(words);
  }

  private void assertDamaged(String... words) {
    MemoryStore store = MemoryStore.at(directory.resolve("store"));
    try (JarPack pack = JarPack.open(file)) {
      assertThatThrownBy(() -> store.install(pack, Trust.OFF, false))
          .isInstanceOf(PackIntegrityException.class)
          .hasMessageContainingAll(words);
    }
    assertThat(store.list()).isEmpty();
  }

  @Test
  void itsFilesAreThoseOfTheFolder() throws IOException {
    Files.writeString(law.directory().resolve(PackSignature.FILE), "signed");
    try (var jar = new TestJar(file)) {
      jar.addPack("law", law.directory());
    }
    try (JarPack pack = JarPack.open(file)) {
      assertThat(pack.manifest()).isEqualTo(law.manifest());
      assertThat(pack.origin()).isEqualTo(file.toString());
      assertThat(pack.signature()).hasValue("signed".getBytes(StandardCharsets.UTF_8));
      for (PackManifest.Entry entry : law.manifest().files()) {
        try (var in = pack.open(entry)) {
          assertThat(in)
              .hasBinaryContent(Files.readAllBytes(law.directory().resolve(entry.name())));
        }
      }
    }
  }

  @Test
  void noSignatureIsNone() throws IOException {
    try (var jar = new TestJar(file)) {
      jar.addPack("law", law.directory());
    }
    try (JarPack pack = JarPack.open(file)) {
      assertThat(pack.signature()).isEmpty();
    }
  }

  @Test
  void noJar() throws IOException {
    Files.writeString(file, "<html>Please log in</html>");
    assertMalformed("is no jar, or damaged");
  }

  @Test
  void noPack() throws IOException {
    try (var jar = new TestJar(file)) {
      jar.add("META-INF/mneme/packs/law/config.json", new byte[1]);
      jar.add("other/META-INF/mneme/packs/law/pack.json", new byte[1]);
    }
    assertMalformed("holds no pack");
  }

  @Test
  void twoPacks() throws IOException {
    try (var jar = new TestJar(file)) {
      jar.addPack("law", law.directory());
      jar.addPack("finance", TestJar.pack(directory, "finance", 2).directory());
    }
    assertMalformed("holds 2 packs (finance, law)");
  }

  @Test
  void aFolderThatIsNotTheManifestsName() throws IOException {
    try (var jar = new TestJar(file)) {
      jar.addPack("finance", law.directory());
    }
    assertMalformed("\"name\" is law, expected finance like its folder");
  }

  @Test
  void aFolderThatLeadsElsewhere() throws IOException {
    try (var jar = new TestJar(file)) {
      jar.addPack("..", law.directory());
    }
    assertMalformed("packs/..\" is not called as a pack may be");
  }

  @Test
  void aManifestWithoutEnd() throws IOException {
    try (var jar = new TestJar(file)) {
      jar.add(LAW + PackManifest.FILE, new byte[PackArchive.LARGEST_MANIFEST + 1]);
    }
    assertMalformed("takes more than 4194304 bytes");
  }

  @Test
  void aSignatureWithoutEnd() throws IOException {
    try (var jar = new TestJar(file)) {
      jar.addPack("law", law.directory());
      jar.add(LAW + PackSignature.FILE, new byte[PackArchive.LARGEST_SIGNATURE + 1]);
    }
    try (JarPack pack = JarPack.open(file)) {
      assertThatThrownBy(pack::signature)
          .isInstanceOf(MalformedFileException.class)
          .hasMessageContaining("pack.sig takes more than 65536 bytes");
    }
  }

  @Test
  void aFileLongerThanTheManifestSays() throws IOException {
    Path config = law.directory().resolve("config.json");
    Files.writeString(config, Files.readString(config) + " ".repeat(1 << 20));
    try (var jar = new TestJar(file)) {
      jar.addPack("law", law.directory());
    }
    assertDamaged("\"config.json\" has more bytes");
  }

  @Test
  void aListedFileThatIsAbsent() throws IOException {
    Files.delete(law.directory().resolve("config.json"));
    try (var jar = new TestJar(file)) {
      jar.addPack("law", law.directory());
    }
    assertDamaged("\"config.json\" cannot be read", "no entry " + LAW + "config.json");
  }
}

package dev.mneme.store.packs;

import com.google.common.primitives.Bytes;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives of the right form, of which the entries are not those of a pack. */
class ArchiveEntriesTest extends ArchiveDefects {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil.json",
        "/etc/evil.json",
        "C:\\evil.json",
        "a/../../b",
        "a\\b",
        "sub/",
        "sub/file.json",
        "",
        "nul\0.json",
        "dot.",
        "blank ",
        "CON",
        "aux.json",
        "na\u00efve.json"
      })
  void anEntryWhoseNameIsNoPlainFileNameIsRefused(String name) throws IOException {
    Map<String, byte[]> files = ArchiveBytes.files(pack);
    files.put(name, new byte[3]);
    refuses(ArchiveBytes.of(files), "is no plain file name");
  }

  @Test
  void anEntryTwiceOrInOtherCaseIsRefused() throws IOException {
    Map<String, byte[]> files = ArchiveBytes.files(pack);
    files.put("Config.json", new byte[3]);
    refuses(ArchiveBytes.of(files), "Config.json", "twice");
  }

  @Test
  void anEntryThatIsNotListedIsRefused() throws IOException {
    Map<String, byte[]> files = ArchiveBytes.files(pack);
    files.put("more.json", new byte[3]);
    refuses(ArchiveBytes.of(files), "more.json", "is not what pack.json lists");
  }

  @Test
  void aListedFileThatIsAbsentIsRefused() throws IOException {
    Map<String, byte[]> files = ArchiveBytes.files(pack);
    files.remove(pack.manifest().files().getLast().name());
    refuses(ArchiveBytes.of(files), "is listed but absent");
  }

  @Test
  void aFileOfAnotherSizeIsRefused() throws IOException {
    Map<String, byte[]> files = ArchiveBytes.files(pack);
    files.computeIfPresent("config.json", (name, bytes) -> Bytes.concat(bytes, new byte[1]));
    refuses(ArchiveBytes.of(files), "config.json", "is not what pack.json lists");
  }

  @Test
  void filesInAnotherOrderAreRefused() throws IOException {
    Map<String, byte[]> files = ArchiveBytes.files(pack);
    byte[] config = files.remove("config.json");
    files.put("config.json", config);
    refuses(ArchiveBytes.of(files), "is not what pack.json lists");
  }

  @Test
  void anArchiveThatDoesNotBeginWithTheManifestIsRefused() throws IOException {
    Map<String, byte[]> files = ArchiveBytes.files(pack);
    byte[] manifest = files.remove("pack.json");
    files.put("pack.json", manifest);
    refuses(ArchiveBytes.of(files), "first entry");
  }

  @Test
  void anEmptyArchiveIsRefused() throws IOException {
    refuses(ArchiveBytes.of(Map.of()), "byte 0");
  }

  @Test
  void moreEntriesThanAnyPackHasAreRefused() throws IOException {
    Map<String, byte[]> files = ArchiveBytes.files(pack);
    for (int i = 0; i < 5000; i++) {
      files.put("f" + i, new byte[0]);
    }
    refuses(ArchiveBytes.of(files), "more than");
  }

  @Test
  void aManifestOfMegabytesIsRefusedBeforeItIsRead() throws IOException {
    Map<String, byte[]> files = ArchiveBytes.files(pack);
    files.put("pack.json", new byte[5 << 20]);
    refuses(ArchiveBytes.of(files), "pack.json", "more than");
  }
}

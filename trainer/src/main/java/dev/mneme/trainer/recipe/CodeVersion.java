package dev.mneme.trainer.recipe;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import com.google.common.reflect.ClassPath;
import dev.mneme.FailureText;
import dev.mneme.MnemeException;
import dev.mneme.djl.DecoderNetwork;
import java.io.IOException;
import java.io.InputStream;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;

/**
 * Which code trained: the version of this build, and a digest over the classes of trainer and
 * networks, which tells two builds of one version apart.
 *
 * @param version of the project
 * @param classes SHA-256 of the classes, in hexadecimal
 */
record CodeVersion(String version, String classes) {

  private static final String FILE = "version.properties";

  static CodeVersion current() {
    var properties = new Properties();
    try (InputStream in = Recipe.class.getResourceAsStream(FILE)) {
      if (in == null) {
        throw new IllegalStateException("the jar lacks " + FILE);
      }
      properties.load(in);
      return new CodeVersion(properties.getProperty("version", "unknown"), digest());
    } catch (IOException e) {
      throw new MnemeException("cannot read this program's own classes: " + FailureText.of(e), e);
    }
  }

  private static String digest() throws IOException {
    ClassPath path = ClassPath.from(CodeVersion.class.getClassLoader());
    Hasher hasher = Hashing.sha256().newHasher();
    List<String> packages = List.of("dev.mneme.trainer", DecoderNetwork.class.getPackageName());
    List<ClassPath.ClassInfo> classes =
        packages.stream()
            .flatMap(name -> path.getTopLevelClassesRecursive(name).stream())
            .sorted(Comparator.comparing(ClassPath.ClassInfo::getName))
            .toList();
    for (ClassPath.ClassInfo info : classes) {
      hasher.putUnencodedChars(info.getName()).putBytes(info.asByteSource().read());
    }
    return hasher.hash().toString();
  }
}

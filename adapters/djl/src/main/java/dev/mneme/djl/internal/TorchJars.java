package dev.mneme.djl.internal;

import ai.djl.util.ClassLoaderUtils;
import ai.djl.util.Platform;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** What the class path holds of PyTorch's native libraries. */
final class TorchJars {

  private static final String BINDING = "jnilib/pytorch.properties";

  private TorchJars() {}

  /** What is missing or does not fit together, as the end of a message; empty if nothing. */
  static String missing() {
    try {
      Platform platform = Platform.detectPlatform("pytorch");
      if (platform.isPlaceholder()) {
        return "; no jar on the class path has PyTorch for %s: add ai.djl.pytorch:pytorch-native-cpu, version %s, classifier %s"
            .formatted(platform.getClassifier(), platform.getVersion(), platform.getClassifier());
      }
      String binding = bindingVersion();
      if (binding == null) {
        return "; ai.djl.pytorch:pytorch-jni is not on the class path (%s)".formatted(BINDING);
      }
      String number = platform.getVersion().split("-", -1)[0];
      String expected = number + '-' + platform.getApiVersion();
      return binding.startsWith(expected)
          ? ""
          : "; pytorch-jni has version %s, and PyTorch %s with pytorch-engine %s needs %s"
              .formatted(binding, number, platform.getApiVersion(), expected);
    } catch (IOException | RuntimeException | LinkageError | AssertionError e) {
      return "; the jars of PyTorch on the class path cannot be read: " + e;
    }
  }

  private static @Nullable String bindingVersion() throws IOException {
    URL url = ClassLoaderUtils.getResource(BINDING);
    if (url == null) {
      return null;
    }
    var properties = new Properties();
    try (InputStream in = url.openStream()) {
      properties.load(in);
    }
    return properties.getProperty("jni_version");
  }
}

package dev.mneme.integration;

import dev.mneme.Tap;
import dev.mneme.TappedHost;
import dev.mneme.store.HostNorms;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackLabel;
import dev.mneme.store.hf.MlpShape.Style;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.ModelJar;
import dev.mneme.store.testing.TinyMlp;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Puts small random models under the names that ship onto the class path of the current thread, and
 * hides the real ones.
 */
final class ShippedNames implements AutoCloseable {

  static final List<String> PACKS = List.of("biomedicine", "finance", "law");

  /** An MLP Memory of the host. */
  static final String MLP_PACK = "law-mlp";

  private static final int CONTEXT = 2048;

  private final ClassLoader before = Thread.currentThread().getContextClassLoader();
  private final URLClassLoader loader;

  ShippedNames(Path directory) throws IOException {
    Map<String, Path> folders = new LinkedHashMap<>();
    Path host = model(directory, "host", 1);
    folders.put("META-INF/mneme/hosts/host-3m", ModelJar.sums(host));
    int seed = 2;
    for (String name : PACKS) {
      Path model = model(directory, name + "-model", seed++);
      Path pack = directory.resolve(name);
      folders.put(
          "META-INF/mneme/packs/" + name,
          MemoryPack.importFrom(model, name, name, pack).directory());
    }
    Path mlp =
        TinyMlp.write(TinyModel.directory(directory, "mlp-model"), Style.MISTRAL, host, 48, 9);
    folders.put(
        "META-INF/mneme/packs/" + MLP_PACK,
        MemoryPack.importFrom(
                mlp,
                PackLabel.of(MLP_PACK, "law").withLambda(0.4),
                new TappedHost(HostNorms.ofHuggingFace(host), Tap.lastFeedForwardInput()),
                directory.resolve(MLP_PACK))
            .directory());
    Path jar = ModelJar.write(directory.resolve("models.jar"), folders);
    loader =
        new URLClassLoader(new URL[] {jar.toUri().toURL()}, before) {
          @Override
          public Enumeration<URL> getResources(String name) throws IOException {
            return name.startsWith("META-INF/mneme/")
                ? findResources(name)
                : super.getResources(name);
          }
        };
    Thread.currentThread().setContextClassLoader(loader);
  }

  private static Path model(Path directory, String name, long seed) {
    Path model = TinyModel.write(TinyModel.directory(directory, name), Family.LLAMA, seed);
    ModelEdit.json(model, "config.json", c -> c.put("max_position_embeddings", CONTEXT));
    return model;
  }

  @Override
  public void close() throws IOException {
    Thread.currentThread().setContextClassLoader(before);
    loader.close();
  }
}

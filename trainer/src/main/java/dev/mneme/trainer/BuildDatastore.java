package dev.mneme.trainer;

import com.google.common.base.Preconditions;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.trainer.files.PartFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The second stage: the teacher reads every document and leaves its key at every position. Windows
 * of the teacher's context move by {@code stride}; all but a document's first window only fill the
 * positions that the window before did not reach, so every key has at least {@code context -
 * stride} tokens before it where the document has them. Killed at any moment it goes on behind the
 * last finished documents; run again when finished it does nothing.
 *
 * @param context tokens of a window
 * @param stride tokens between windows, at most the context
 * @param sequences windows computed at once
 */
public record BuildDatastore(
    TokenFile tokens, Path teacher, Path output, int context, int stride, int sequences) {

  private static final int VERSION = 1;
  private static final int DOCUMENTS_BETWEEN_MARKS = 64;

  public BuildDatastore {
    Preconditions.checkArgument(
        stride > 0 && stride <= context, "the stride must lie in [1, %s]: %s", context, stride);
  }

  /** One window: where it begins in the token file and how many of its keys are not new. */
  private record Window(long start, int length, int known) {}

  /**
   * Builds the datastore unless it is there.
   *
   * @param bfloat16 whether the teacher computes products in bfloat16
   * @param progress told how many of all positions are done
   * @return the datastore, opened; the caller closes it
   */
  public Datastore run(boolean bfloat16, StageProgress progress) {
    var manifest = new StageManifest("datastore", VERSION);
    manifest.input(teacher.resolve("config.json")).input(teacher.resolve("model.safetensors"));
    manifest
        .settings()
        .put("tokens", tokens.origin())
        .put("context", context)
        .put("stride", stride)
        .put("bfloat16", bfloat16);
    try (DecoderNetwork network = DecoderNetwork.open(teacher, bfloat16)) {
      int width = network.shape().hidden();
      Path done = StageManifest.fileOf(output);
      var file = new PartFile(output, manifest.digest());
      if (Files.exists(done) && manifest.isIn(done)) {
        file.discard();
        return Datastore.open(output, width);
      }
      int first = file.begin((tokens.size() - 1) * width * 2);
      try (Datastore store = Datastore.openToWrite(file.part(), width)) {
        for (int document = first; document < tokens.documents(); document++) {
          read(network, store, document);
          if ((document + 1) % DOCUMENTS_BETWEEN_MARKS == 0) {
            store.force();
            file.mark(document + 1);
          }
          progress.at(tokens.end(document), tokens.size());
        }
        store.force();
      }
      file.finish();
      var results = manifest.results();
      results.put("keys", tokens.size() - 1).put("width", width);
      manifest.write(output, results);
      return Datastore.open(output, width);
    }
  }

  private void read(DecoderNetwork network, Datastore store, int document) {
    var full = new ArrayList<Window>();
    for (Window window : windows(document)) {
      if (window.length() == context) {
        full.add(window);
        if (full.size() == sequences) {
          compute(network, store, full);
          full.clear();
        }
      } else {
        compute(network, store, List.of(window));
      }
    }
    if (!full.isEmpty()) {
      compute(network, store, full);
    }
  }

  private List<Window> windows(int document) {
    var windows = new ArrayList<Window>();
    long begin = tokens.start(document);
    long end = Math.min(tokens.end(document), tokens.size() - 1);
    for (long start = begin; start < end; start += stride) {
      int length = (int) Math.min(context, end - start);
      int known = start == begin ? 0 : context - stride;
      if (length > known) {
        windows.add(new Window(start, length, known));
      }
      if (start + length == end) {
        break;
      }
    }
    return windows;
  }

  private void compute(DecoderNetwork network, Datastore store, List<Window> windows) {
    int length = windows.getFirst().length();
    int[][] ids = new int[windows.size()][length];
    for (int i = 0; i < ids.length; i++) {
      tokens.copy(windows.get(i).start(), ids[i]);
    }
    float[] keys = network.keys(ids);
    for (int i = 0; i < ids.length; i++) {
      Window window = windows.get(i);
      int from = (i * length + window.known()) * store.width();
      store.write(window.start() + window.known(), keys, from, length - window.known());
    }
  }
}

package dev.mneme.store.gguf;

import com.google.common.base.Ascii;
import dev.mneme.MalformedFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model that was written as several GGUF files, as {@code llama-gguf-split} does. The first part
 * has the metadata, every part has some of the tensors, and the names of the files end in {@code
 * -00001-of-00003.gguf} and so on. Each part counts the parts and says which one it is.
 */
final class SplitGguf {

  private static final String NUMBER_KEY = "split.no";
  private static final String COUNT_KEY = "split.count";
  private static final String TENSORS_KEY = "split.tensors.count";

  private static final Pattern PART_NAME =
      Pattern.compile("(?<model>.*)-(?<number>\\d{5})-of-(?<count>\\d{5})\\.gguf");

  /** Reads one file as if it were alone. */
  @FunctionalInterface
  interface PartReader {
    GgufParser read(Path path) throws IOException;
  }

  private final Path first;
  private final GgufParser parsed;
  private final int count;

  private SplitGguf(Path first, GgufParser parsed) {
    this.first = first;
    this.parsed = parsed;
    this.count = (int) number(first, parsed, COUNT_KEY, GgufValue.Type.UINT16);
  }

  /** Whether a file says that it is one of several. */
  static boolean isPart(GgufParser parsed) {
    return parsed.metadata().get(COUNT_KEY) instanceof GgufValue.Int(_, long count) && count > 1;
  }

  /**
   * Reads the other parts and adds their tensors to those of the first.
   *
   * @param first the file that was opened
   * @param parsed what it declares
   * @return the files of all parts, in order
   * @throws MalformedFileException if it is not the first part, or if a part is missing, is of
   *     another model, or does not say which one it is
   */
  static List<Path> join(Path first, GgufParser parsed, PartReader reader) throws IOException {
    return new SplitGguf(first, parsed).join(reader);
  }

  private List<Path> join(PartReader reader) throws IOException {
    int number = (int) number(first, parsed, NUMBER_KEY, GgufValue.Type.UINT16);
    Matcher name = PART_NAME.matcher(String.valueOf(first.getFileName()));
    boolean named = name.matches() && name.group("count").equals("%05d".formatted(count));
    if (number != 0) {
      throw malformed(
          first,
          "is part %d of a model of %d files; open the first part instead%s"
              .formatted(number + 1, count, named ? ": " + part(name.group("model"), 0) : ""));
    }
    if (!named || !name.group("number").equals("00001")) {
      throw malformed(
          first,
          "is the first of %d files, so its name must end in -00001-of-%05d.gguf for the others to be found; give all parts the names they were published with"
              .formatted(count, count));
    }
    var files = new ArrayList<Path>();
    files.add(first);
    for (int i = 1; i < count; i++) {
      Path path = part(name.group("model"), i);
      if (!Files.isRegularFile(path)) {
        throw malformed(
            first,
            "needs part %d of %d, but there is no file %s; get all parts into one folder"
                .formatted(i + 1, count, path));
      }
      add(path, i, reader.read(path));
      files.add(path);
    }
    requireAllTensors();
    return files;
  }

  private Path part(String model, int index) {
    return first.resolveSibling("%s-%05d-of-%05d.gguf".formatted(model, index + 1, count));
  }

  private void add(Path path, int index, GgufParser part) {
    long number = number(path, part, NUMBER_KEY, GgufValue.Type.UINT16);
    long ofParts = number(path, part, COUNT_KEY, GgufValue.Type.UINT16);
    if (number != index || ofParts != count) {
      throw malformed(
          path,
          "says that it is part %d of %d, but by its name it is part %d of %d; parts of different models are mixed, or were renamed"
              .formatted(number + 1, ofParts, index + 1, count));
    }
    requireSameTotal(path, part);
    requireAlignment(path, part);
    for (Map.Entry<String, GgufTensor> tensor : part.tensors().entrySet()) {
      GgufTensor before = parsed.tensors().putIfAbsent(tensor.getKey(), tensor.getValue());
      if (before != null) {
        throw malformed(
            path,
            "has tensor \"%s\", which is in %s already; parts of different models are mixed"
                .formatted(tensor.getKey(), before.file().getFileName()));
      }
    }
  }

  private void requireSameTotal(Path path, GgufParser part) {
    long total = number(first, parsed, TENSORS_KEY, GgufValue.Type.INT32);
    long here = number(path, part, TENSORS_KEY, GgufValue.Type.INT32);
    if (here != total) {
      throw malformed(
          path,
          "says that the model has %d tensors, but %s says %d; parts of different models are mixed"
              .formatted(here, first.getFileName(), total));
    }
  }

  /** The first part's alignment is checked by whoever opens the model; this one's nobody sees. */
  private static void requireAlignment(Path path, GgufParser part) {
    if (part.metadata().get(GgufParser.ALIGNMENT_KEY) instanceof GgufValue.Int(_, long alignment)
        && alignment < GgufParser.DEFAULT_ALIGNMENT) {
      throw malformed(
          path,
          "%s is %d, expected at least %d; split the model again"
              .formatted(GgufParser.ALIGNMENT_KEY, alignment, GgufParser.DEFAULT_ALIGNMENT));
    }
  }

  private void requireAllTensors() {
    long total = number(first, parsed, TENSORS_KEY, GgufValue.Type.INT32);
    if (parsed.tensors().size() != total) {
      throw malformed(
          first,
          "says that the model has %d tensors, but its %d parts have %d; get the parts again"
              .formatted(total, count, parsed.tensors().size()));
    }
  }

  /** A number that llama.cpp reads in one type only, in other parts without a check of its own. */
  private static long number(Path path, GgufParser parsed, String key, GgufValue.Type type) {
    GgufValue value = parsed.metadata().get(key);
    if (value == null) {
      throw malformed(path, "is one part of several, but has no key \"%s\"".formatted(key));
    }
    if (!(value instanceof GgufValue.Int(GgufValue.Type stored, long number)) || stored != type) {
      throw malformed(
          path,
          "metadata key \"%s\": expected %s, found %s"
              .formatted(key, Ascii.toLowerCase(type.name()), value.storage()));
    }
    return number;
  }

  private static MalformedFileException malformed(Path path, String problem) {
    return new MalformedFileException("%s: %s".formatted(path, problem));
  }
}

package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.TensorInfo;
import dev.mneme.store.safetensors.TensorSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** Compares the tensors of a folder with those its configuration asks for. */
final class TensorCheck {

  private static final Set<Dtype> READABLE = Set.of(Dtype.F64, Dtype.F32, Dtype.F16, Dtype.BF16);

  private TensorCheck() {}

  /**
   * Checks all tensors.
   *
   * @param expected shapes by name, slowest dimension first
   * @param tolerated whether a tensor that is not expected may be there nevertheless
   * @param network for the message: {@code a LLAMA model}
   * @throws MalformedFileException naming every missing, misshapen, unreadable and extra tensor
   */
  static void require(
      Path directory,
      SequencedMap<String, List<Long>> expected,
      TensorSource source,
      Predicate<String> tolerated,
      String network) {
    Map<String, TensorInfo> tensors = source.tensors();
    var problems = new ArrayList<String>();
    expected.forEach(
        (name, shape) -> {
          TensorInfo found = tensors.get(name);
          if (found == null) {
            problems.add("\"%s\" is missing".formatted(name));
          } else if (!found.shape().equals(shape)) {
            problems.add("\"%s\" has shape %s, expected %s".formatted(name, found.shape(), shape));
          } else if (!READABLE.contains(found.dtype())) {
            problems.add(
                "\"%s\" is stored as %s; F64, F32, F16 and BF16 are supported"
                    .formatted(name, found.dtype()));
          }
        });
    for (String name : new TreeSet<>(tensors.keySet())) {
      if (!expected.containsKey(name) && !tolerated.test(name)) {
        problems.add("\"%s\" is no tensor of %s".formatted(name, network));
      }
    }
    if (!problems.isEmpty()) {
      throw new MalformedFileException(
          "%s: the weights do not fit %s: %s"
              .formatted(directory, HuggingFaceConfig.FILE, String.join("; ", problems)));
    }
  }
}

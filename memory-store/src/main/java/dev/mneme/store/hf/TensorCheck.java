package dev.mneme.store.hf;

import dev.mneme.MalformedFileException;
import dev.mneme.store.files.Problems;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.TensorInfo;
import dev.mneme.store.safetensors.TensorSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Compares the tensors of a folder with those its configuration asks for. */
final class TensorCheck {

  private static final Set<Dtype> READABLE = Set.of(Dtype.F64, Dtype.F32, Dtype.F16, Dtype.BF16);

  /**
   * Tables that checkpoints carry and every engine computes itself: of rotary positions, causal
   * masks, numbers of positions.
   */
  private static final Pattern COMPUTED =
      Pattern.compile(
          "(.*\\.)?(rotary(_pos)?_emb(_local)?\\..+|(.*_)?inv_freq|(cos|sin)_cached|masked_bias"
              + "|causal_mask|attention_mask|position_ids)");

  /** A bias by its name, a causal mask by its shape. */
  private static final Pattern MASK = Pattern.compile("(.*\\.)?(attn|attention|self_attn)\\.bias");

  /** What classifiers, reward models and their like put on top of a base model. */
  private static final Pattern OTHER_HEAD =
      Pattern.compile(
          "(score|classifier|qa_outputs|(?!lm_head\\.)([a-z0-9]+_)*heads?(\\.\\d+)?)(\\..+)");

  private static final String EMPTIED =
      " (it is empty: a tool that divides weights among GPUs saved only its own part)";

  private TensorCheck() {}

  /**
   * Checks all tensors.
   *
   * @param expected shapes by name, slowest dimension first
   * @param network for the message: {@code a LLAMA model}
   * @throws MalformedFileException naming the missing, misshapen, unreadable and extra tensors, or
   *     the one reason for all; of many only the first
   */
  static void require(
      Path directory,
      SequencedMap<String, List<Long>> expected,
      TensorSource source,
      String network) {
    Map<String, TensorInfo> tensors = source.tensors();
    var problems = new ArrayList<String>();
    var missing = new TreeSet<String>();
    expected.forEach(
        (name, shape) -> {
          TensorInfo found = tensors.get(name);
          if (found == null) {
            missing.add(name);
            problems.add("\"%s\" is missing".formatted(name));
          } else if (!found.shape().equals(shape)) {
            problems.add(
                "\"%s\" has shape %s, expected %s%s"
                    .formatted(name, found.shape(), shape, found.elements() == 0 ? EMPTIED : ""));
          } else if (!READABLE.contains(found.dtype())) {
            problems.add(
                "\"%s\" is stored as %s; F64, F32, F16 and BF16 are supported"
                    .formatted(name, found.dtype()));
          }
        });
    var extra = new TreeSet<String>();
    tensors.forEach(
        (name, tensor) -> {
          if (!expected.containsKey(name) && !isBesideTheNetwork(tensor)) {
            extra.add(name);
          }
        });
    extra.forEach(name -> problems.add("\"%s\" is no tensor of %s".formatted(name, network)));
    if (problems.isEmpty()) {
      return;
    }
    Optional<String> reason = new NamesDiagnosis(expected.size(), missing, extra).reason();
    throw new MalformedFileException(
        reason.isPresent()
            ? "%s: the tensors %s".formatted(directory, reason.get())
            : "%s: the weights do not fit %s: %s"
                .formatted(directory, HuggingFaceConfig.FILE, Problems.join(problems)));
  }

  /** Whether a tensor changes nothing of what the network computes, as transformers takes it. */
  private static boolean isBesideTheNetwork(TensorInfo tensor) {
    String name = tensor.name();
    return tensor.elements() == 0
        || COMPUTED.matcher(name).matches()
        || (MASK.matcher(name).matches() && tensor.shape().size() > 1)
        || OTHER_HEAD.matcher(name).matches();
  }
}

package dev.mneme.store.hf;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Finds the one reason why many tensors seem to be missing: they have names that some tool gave
 * them. The sentences are said of the tensors ("the tensors ...").
 */
final class NamesDiagnosis {

  /** What wrappers of PyTorch put into the middle of names. */
  private static final Pattern WRAPPER =
      Pattern.compile(
          "(?<=\\.|^)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module|module)\\.");

  private static final Pattern ADAPTER =
      Pattern.compile(".*\\.(lora_[AB]|lora_embedding_[AB]|base_layer)(\\..*)?");

  /** What quantising tools store beside or instead of a matrix. */
  private static final Pattern QUANTISED =
      Pattern.compile(
          ".*\\.(qweight|qzeros|g_idx|scales|weight_packed|weight_scale|weight_scale_inv"
              + "|weight\\.(absmax|quant_map|quant_state\\..*)|SCB|weight_format)");

  private final Set<String> missing;
  private final Set<String> extra;
  private final int half;

  /**
   * Looks at what is wrong.
   *
   * @param expected how many names were expected
   * @param missing full names that were expected and are not there
   * @param extra names that are there and were not expected
   */
  NamesDiagnosis(int expected, Set<String> missing, Set<String> extra) {
    this.missing = missing;
    this.extra = extra;
    this.half = (expected + 1) / 2;
  }

  /** The reason, if there is one; of names, if it explains at least half of all. */
  Optional<String> reason() {
    return adapter().or(this::quantised).or(this::prefix).or(this::wrapper);
  }

  private Optional<String> adapter() {
    return extra.stream().anyMatch(name -> ADAPTER.matcher(name).matches())
        ? Optional.of(
            "are those of a model with an adapter (LoRA) that was not merged; in Python, call"
                + " merge_and_unload() and save the result")
        : Optional.empty();
  }

  private Optional<String> quantised() {
    return extra.stream()
        .filter(name -> QUANTISED.matcher(name).matches())
        .findFirst()
        .map(
            name ->
                "are quantised (\"%s\" is among them); give the folder of the original weights, or a GGUF file"
                    .formatted(name));
  }

  private Optional<String> prefix() {
    Map<String, Integer> votes = new HashMap<>();
    Set<String> wanted = withoutBase();
    for (String name : extra) {
      for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
        if (wanted.contains(name.substring(dot + 1))) {
          votes.merge(name.substring(0, dot + 1), 1, Integer::sum);
          break; // the shortest prefix says it
        }
      }
    }
    return votes.entrySet().stream()
        .filter(vote -> vote.getValue() >= half)
        .max(Map.Entry.comparingByValue())
        .map(
            vote ->
                "all have names that begin with \"%s\"%s"
                    .formatted(vote.getKey(), remedy(vote.getKey())));
  }

  /** What is missing, by its full names and by those of the base model alone. */
  private Set<String> withoutBase() {
    var names = new HashSet<>(missing);
    for (String name : missing) {
      for (String base : List.of("model.", "transformer.", "gpt_neox.")) {
        if (name.startsWith(base)) {
          names.add(name.substring(base.length()));
        }
      }
    }
    return names;
  }

  private Optional<String> wrapper() {
    Set<String> wanted = withoutBase();
    var wrapped =
        extra.stream()
            .filter(name -> wanted.contains(WRAPPER.matcher(name).replaceAll("")))
            .toList();
    if (wrapped.size() < half) {
      return Optional.empty();
    }
    var found = WRAPPER.matcher(wrapped.getFirst());
    return found.find()
        ? Optional.of(
            "have names with \"%s\" in them%s".formatted(found.group(), remedy(found.group())))
        : Optional.empty();
  }

  private static String remedy(String part) {
    if (part.contains("_orig_mod.")) {
      return ", as torch.compile leaves them; save the model that was compiled, model._orig_mod";
    }
    if (part.contains("base_model.")) {
      return ", as PEFT leaves them; in Python, call merge_and_unload() and save the result";
    }
    if (part.contains("language_model.") || part.contains("text_model.")) {
      return ", as in a model for images and text; save its language model alone";
    }
    if (part.contains("module.")) {
      return ", as training on several GPUs leaves them; save the model inside, model.module";
    }
    return ", which this kind of model has not; save the model itself, without what is around it";
  }
}

package dev.mneme;

import com.google.common.base.Preconditions;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.primitives.Ints;
import java.util.List;
import java.util.Set;

/**
 * What to generate. Immutable; each {@code with} method gives a changed copy.
 *
 * @param prompt what to continue
 * @param maxTokens most tokens to generate, at least 1
 * @param sampling how to draw
 * @param stopStrings texts that end the generation and are left out of it. One that is the name of
 *     a control token of the host, as {@code <|im_end|>}, also acts as that token's stop id
 * @param stopIds ids that end the generation, beside the vocabulary's own end ids
 * @param stopAtEnd whether the vocabulary's end ids end the generation
 */
public record GenerationRequest(
    Prompt prompt,
    int maxTokens,
    Sampling sampling,
    List<String> stopStrings,
    Set<Integer> stopIds,
    boolean stopAtEnd) {

  /** A prompt as the caller has it. */
  public sealed interface Prompt {
    /** Text, encoded by the host's tokenizer with its beginning-of-sequence id. */
    record Text(String text) implements Prompt {
      public Text {
        Arguments.present(text, "prompt");
      }
    }

    /** Ids, taken as they are. */
    record Ids(List<Integer> ids) implements Prompt {
      public Ids {
        ids = ImmutableList.copyOf(Arguments.noneNull(ids, "prompt"));
      }
    }
  }

  public GenerationRequest {
    Preconditions.checkArgument(
        maxTokens >= 1, "maxTokens must be at least 1, but is %s", maxTokens);
    Arguments.present(prompt, "prompt");
    Arguments.present(sampling, "sampling");
    stopStrings = ImmutableList.copyOf(Arguments.noneNull(stopStrings, "stopStrings"));
    Preconditions.checkArgument(
        !stopStrings.contains(""), "an empty stop string would end every generation at once");
    stopIds = ImmutableSet.copyOf(Arguments.noneNull(stopIds, "stopIds"));
    for (int id : stopIds) {
      Preconditions.checkArgument(id >= 0, "the stop id %s is negative; no token has it", id);
    }
  }

  /** Continues a text greedily for at most 256 tokens. */
  public static GenerationRequest of(String prompt) {
    return new GenerationRequest(
        new Prompt.Text(prompt), 256, Sampling.greedy(), List.of(), Set.of(), true);
  }

  /** Continues a sequence of ids greedily for at most 256 tokens. */
  public static GenerationRequest ofIds(int... ids) {
    return new GenerationRequest(
        new Prompt.Ids(Ints.asList(Arguments.present(ids, "prompt"))),
        256,
        Sampling.greedy(),
        List.of(),
        Set.of(),
        true);
  }

  public GenerationRequest withMaxTokens(int value) {
    return new GenerationRequest(prompt, value, sampling, stopStrings, stopIds, stopAtEnd);
  }

  public GenerationRequest withSampling(Sampling value) {
    return new GenerationRequest(prompt, maxTokens, value, stopStrings, stopIds, stopAtEnd);
  }

  public GenerationRequest withStopStrings(List<String> value) {
    return new GenerationRequest(prompt, maxTokens, sampling, value, stopIds, stopAtEnd);
  }

  public GenerationRequest withStopIds(Set<Integer> value) {
    return new GenerationRequest(prompt, maxTokens, sampling, stopStrings, value, stopAtEnd);
  }

  public GenerationRequest withStopAtEnd(boolean value) {
    return new GenerationRequest(prompt, maxTokens, sampling, stopStrings, stopIds, value);
  }
}

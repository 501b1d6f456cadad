package dev.mneme;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.Ints;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One generation: take in the prompt, then draw, check for an end, hand over, extend. */
final class Generator {

  private static final double NANOS = 1e9; // in a second

  private final MixtureSession session;
  private final GenerationRequest request;
  private final Consumer<GeneratedToken> consumer;
  private final Sampler sampler;
  private final StopStrings stops;
  private final StreamingDecoder decoder;
  private final int vocabularySize;
  private final Set<Integer> endIds;
  private final StringBuilder text = new StringBuilder();
  private final List<GeneratedToken> tokens = new ArrayList<>();

  Generator(MixtureSession session, GenerationRequest request, Consumer<GeneratedToken> consumer) {
    this.session = session;
    this.request = request;
    this.consumer = consumer;
    this.sampler = Sampler.of(request.sampling());
    this.stops = new StopStrings(request.stopStrings());
    Vocabulary vocabulary = session.lease().host().vocabulary();
    this.vocabularySize = vocabulary.size();
    this.decoder = new StreamingDecoder(vocabulary, false);
    var ends = new HashSet<Integer>(request.stopIds());
    ends.addAll(StopTokens.named(request.stopStrings(), vocabulary));
    if (request.stopAtEnd()) {
      ends.addAll(vocabulary.endIds());
    }
    this.endIds = ends;
  }

  Generation run() {
    long start = System.nanoTime();
    int[] prompt = promptIds();
    session.prefill(prompt);
    for (int id : prompt) {
      sampler.accept(id);
    }
    long decodeStart = System.nanoTime();
    Generation.Finish finish = null;
    while (finish == null) {
      finish = step();
    }
    long end = System.nanoTime();
    return new Generation(
        text.toString(),
        List.copyOf(tokens),
        finish,
        session.lease().uses(),
        prompt.length,
        session.hostOnlySteps(),
        (decodeStart - start) / NANOS,
        (end - decodeStart) / NANOS);
  }

  private int[] promptIds() {
    int[] ids =
        switch (request.prompt()) {
          case GenerationRequest.Prompt.Text(String prompt) -> encode(prompt);
          case GenerationRequest.Prompt.Ids(var given) -> Ints.toArray(given);
        };
    session.requireIds(ids);
    if (ids.length == 0) {
      throw new IllegalArgumentException(
          "an empty prompt gives this host no token to continue from; give some text");
    }
    if (ids.length >= session.capacity()) {
      throw overflow(String.valueOf(ids.length));
    }
    return ids;
  }

  /** A text that cannot fit is refused by its length, since reading it takes seconds. */
  private int[] encode(String prompt) {
    HostModel host = session.lease().host();
    Tokenizer tokenizer = host.tokenizer();
    long fewest = tokenizer.fewestIds(prompt);
    if (fewest >= session.capacity()) {
      throw overflow("at least " + fewest);
    }
    return Contract.encoded(tokenizer.encode(prompt), host);
  }

  private ContextOverflowException overflow(String tokens) {
    return new ContextOverflowException(
        "the prompt has %s tokens, but host and memories together hold %d and one must stay free; %s"
            .formatted(tokens, session.capacity(), session.remedyForLength()));
  }

  private Generation.@Nullable Finish step() {
    Mixture mixture = session.mix(0);
    float[] probabilities = mixture.probabilities();
    int id = sampler.next(probabilities, probabilities.length);
    sampler.accept(id);
    boolean spells = !endIds.contains(id) && id < vocabularySize;
    String piece = spells ? decoder.push(id) : "";
    String released = stops.push(piece);
    Generation.Finish finish = finish(id);
    if (finish != null && !stops.stopped()) {
      released += stops.push(decoder.finish()) + stops.finish();
    }
    text.append(released);
    var token = new GeneratedToken(id, released, mixture.logProbability(id), shares(mixture, id));
    tokens.add(token);
    consumer.accept(token);
    if (finish == null) {
      session.extend(new int[] {id}, Rows.LAST);
    }
    return finish;
  }

  private Generation.@Nullable Finish finish(int id) {
    if (endIds.contains(id)) {
      return Generation.Finish.END_TOKEN;
    }
    if (stops.stopped()) {
      return Generation.Finish.STOP_STRING;
    }
    if (tokens.size() + 1 == request.maxTokens()) {
      return Generation.Finish.MAX_TOKENS;
    }
    if (session.length() == session.capacity()) {
      return Generation.Finish.CONTEXT_FULL;
    }
    return Thread.currentThread().isInterrupted() ? Generation.Finish.CANCELLED : null;
  }

  private Map<String, Double> shares(Mixture mixture, int id) {
    List<Attachment> attachments = session.lease().attachments();
    var shares = ImmutableMap.<String, Double>builderWithExpectedSize(attachments.size());
    for (int i = 0; i < attachments.size(); i++) {
      shares.put(attachments.get(i).name(), mixture.share(i, id));
    }
    return shares.buildOrThrow();
  }
}

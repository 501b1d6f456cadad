package dev.mneme;

import com.google.common.primitives.ImmutableDoubleArray;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One generation: take in the prompt, then draw, check for an end, hand over, extend. */
final class Generator {

  private final MixtureSession session;
  private final GenerationRequest request;
  private final Consumer<GeneratedToken> consumer;
  private final Sampler sampler;
  private final StopStrings stops;
  private final StreamingDecoder decoder;
  private final SortedSet<Integer> endIds;
  private final StringBuilder text = new StringBuilder();
  private final List<GeneratedToken> tokens = new ArrayList<>();

  Generator(MixtureSession session, GenerationRequest request, Consumer<GeneratedToken> consumer) {
    this.session = session;
    this.request = request;
    this.consumer = consumer;
    this.sampler = Sampler.of(request.sampling());
    this.stops = new StopStrings(request.stopStrings());
    Vocabulary vocabulary = session.lease().host().vocabulary();
    this.decoder = new StreamingDecoder(vocabulary, false);
    this.endIds = vocabulary.endIds();
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
        Duration.ofNanos(decodeStart - start),
        Duration.ofNanos(end - decodeStart));
  }

  private int[] promptIds() {
    int[] ids =
        switch (request.prompt()) {
          case GenerationRequest.Prompt.Text(String prompt) ->
              session.lease().host().tokenizer().encode(prompt);
          case GenerationRequest.Prompt.Ids(var given) -> given.toArray();
        };
    if (ids.length == 0) {
      throw new IllegalArgumentException(
          "an empty prompt gives this host no token to continue from; give some text");
    }
    if (ids.length >= session.capacity()) {
      throw new ContextOverflowException(
          "the prompt has %d tokens, but host and memories together hold %d and one must stay free; shorten it or open the models with a longer context"
              .formatted(ids.length, session.capacity()));
    }
    return ids;
  }

  private Generation.@Nullable Finish step() {
    Mixture mixture = session.mix(0);
    float[] probabilities = mixture.probabilities();
    int id = sampler.next(probabilities, probabilities.length);
    sampler.accept(id);
    String piece = ends(id) ? "" : decoder.push(id);
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

  private boolean ends(int id) {
    return request.stopIds().contains(id) || (request.stopAtEnd() && endIds.contains(id));
  }

  private Generation.@Nullable Finish finish(int id) {
    if (ends(id)) {
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

  private ImmutableDoubleArray shares(Mixture mixture, int id) {
    var shares = ImmutableDoubleArray.builder();
    for (int i = 0; i < session.lease().attachments().size(); i++) {
      shares.add(mixture.share(i, id));
    }
    return shares.build();
  }
}

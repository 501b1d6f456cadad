package dev.mneme.cli;

import dev.mneme.GeneratedToken;
import dev.mneme.Generation;
import dev.mneme.GenerationRequest;
import dev.mneme.LambdaPolicy;
import dev.mneme.MemoryAugmentedModel;
import dev.mneme.MemoryModule;
import dev.mneme.Sampling;
import dev.mneme.Score;
import dev.mneme.TokenScore;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.llamacpp.LlamaCppMemoryLoader;
import dev.mneme.llamacpp.LlamaCppOptions;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackLabel;
import dev.mneme.store.PackManifest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Measures what memories do to one open host. For one thread. */
final class Demo implements AutoCloseable {

  private static final int TOKENS = 40;
  private static final int MOST_HELPED = 8;

  /** How the names of MLP Memories end. */
  private static final String MLP = "-mlp";

  private static final double HALF = 0.5;

  /** Greedy, but a small model would soon go in circles. */
  private static final Sampling SAMPLING = Sampling.greedy().withRepetitionPenalty(1.3, 64);

  /**
   * What one memory does to a passage and a prompt of its domain.
   *
   * @param attachSeconds to find, verify, open and attach the pack
   * @param perplexity of the passage
   * @param helped tokens of the passage that the memory made most likelier, the greatest rise first
   * @param withHost the prompt's continuation by the host alone
   * @param mixedText the same with the memory
   * @param withMemory the same, token by token
   * @param speed tokens a second while continuing the prompt
   * @param reader what an MLP Memory of the domain does, if the class path has one
   */
  record Domain(
      DemoPassage passage,
      MemoryPack pack,
      double lambda,
      double attachSeconds,
      int passageTokens,
      Pair perplexity,
      List<Helped> helped,
      String withHost,
      String mixedText,
      List<Written> withMemory,
      Pair speed,
      Optional<Reader> reader) {

    long changed() {
      return withMemory.stream().filter(Written::changed).count();
    }
  }

  /**
   * What a memory that reads the host's activation does to the same passage.
   *
   * @param perplexity of the passage with it alone
   * @param together with it and the domain's other memory, each at half its weight
   * @param speed tokens a second with it alone
   */
  record Reader(MemoryPack pack, double lambda, double perplexity, double together, double speed) {}

  /** One figure of the host alone and of host and memory mixed. */
  record Pair(double host, double mixed) {}

  /** A token of a passage and its probabilities. */
  record Helped(String token, Pair probability) {}

  /**
   * A token that host and memory wrote. A text is empty where a token completes no character.
   *
   * @param share the part of its probability that the memory gave
   * @param hostChoice what the host alone would have written after the same text
   */
  record Written(int id, String text, double share, int hostChoice, String hostText) {

    boolean changed() {
      return id != hostChoice;
    }
  }

  /**
   * Perplexity of every passage with every memory.
   *
   * @param rows by memory, empty for the host alone, then by domain
   * @param changeSeconds what each change of the memory took
   */
  record Matrix(Map<String, Map<String, Double>> rows, Map<String, Double> changeSeconds) {}

  private final ClassPathModels models = ClassPathModels.here();
  private final MemoryAugmentedModel model;

  /** Opens a host of the class path. */
  Demo(String host) {
    model = MemoryAugmentedModel.over(LlamaCppHost.open(models.host(host)));
  }

  /** Attaches the pack of a passage's domain, looks at what it does, and detaches it. */
  Domain show(DemoPassage passage) {
    long start = System.nanoTime();
    MemoryPack pack = attach(passage.domain(), "");
    double attachSeconds = secondsSince(start);
    Score score = model.score(passage.text());
    Generation mixed = continued(passage);
    model.detach(pack.name());
    Generation alone = continued(passage);
    Optional<Reader> reader = readerOf(passage);
    return new Domain(
        passage,
        pack,
        lambda(pack),
        attachSeconds,
        score.tokens().size(),
        new Pair(hostPerplexity(score), score.perplexity()),
        mostHelped(score),
        alone.text(),
        mixed.text(),
        written(passage, mixed),
        new Pair(alone.tokensPerSecond(), mixed.tokensPerSecond()),
        reader);
  }

  /** The MLP Memory of a domain is called as its Memory Decoder, with an ending. */
  private Optional<Reader> readerOf(DemoPassage passage) {
    String name = passage.domain() + MLP;
    if (!models.packs().contains(name)) {
      return Optional.empty();
    }
    MemoryPack pack = attach(name, "");
    double perplexity = model.score(passage.text()).perplexity();
    double speed = continued(passage).tokensPerSecond();
    model.detach(name);
    attach(name, "", HALF);
    attach(passage.domain(), "", HALF);
    double together = model.score(passage.text()).perplexity();
    model.detach(name);
    model.detach(passage.domain());
    return Optional.of(new Reader(pack, lambda(pack), perplexity, together, speed));
  }

  /** The packs of some passages' domains, of either kind, in the order of the passages. */
  List<String> packsOf(List<DemoPassage> passages) {
    List<String> there = models.packs();
    return passages.stream()
        .flatMap(passage -> Stream.of(passage.domain(), passage.domain() + MLP))
        .filter(there::contains)
        .toList();
  }

  static long bytes(MemoryPack pack) {
    return pack.manifest().files().stream().mapToLong(PackManifest.Entry::bytes).sum();
  }

  /** Scores every passage with the host alone and with each pack in turn, swapped. */
  Matrix matrix(List<DemoPassage> passages, List<String> packs) {
    var rows = new LinkedHashMap<String, Map<String, Double>>();
    var changeSeconds = new LinkedHashMap<String, Double>();
    rows.put("", perplexities(passages));
    String attached = "";
    for (String name : packs) {
      long start = System.nanoTime();
      attach(name, attached);
      changeSeconds.put(name, secondsSince(start));
      rows.put(name, perplexities(passages));
      attached = name;
    }
    if (!attached.isEmpty()) {
      model.detach(attached);
    }
    return new Matrix(rows, changeSeconds);
  }

  /** Opens a pack and attaches it, in the place of another where one is named. */
  private MemoryPack attach(String name, String inPlaceOf) {
    return attach(name, inPlaceOf, 1);
  }

  private MemoryPack attach(String name, String inPlaceOf, double part) {
    MemoryPack pack = models.pack(name);
    LambdaPolicy policy = LambdaPolicy.fixed(part * lambda(pack));
    MemoryModule memory =
        LlamaCppMemoryLoader.load(pack, pack.storedType(), LlamaCppOptions.defaults());
    try {
      if (inPlaceOf.isEmpty()) {
        model.attach(memory, policy);
      } else {
        model.swap(inPlaceOf, memory, policy);
      }
      return pack;
    } catch (RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  private static double lambda(MemoryPack pack) {
    return pack.recommendedLambda().orElse(PackLabel.DEFAULT_LAMBDA);
  }

  private Map<String, Double> perplexities(List<DemoPassage> passages) {
    var row = new LinkedHashMap<String, Double>();
    for (DemoPassage passage : passages) {
      row.put(passage.domain(), model.score(passage.text()).perplexity());
    }
    return row;
  }

  private static double hostPerplexity(Score score) {
    return Math.exp(
        -score.tokens().stream().mapToDouble(TokenScore::host).sum() / score.tokens().size());
  }

  /** A token counts by its likelihood times the rise of its logarithm, and once. */
  private List<Helped> mostHelped(Score score) {
    var seen = new HashSet<Integer>();
    return score.tokens().stream()
        .sorted(Comparator.comparingDouble(t -> Math.exp(t.mixture()) * (t.host() - t.mixture())))
        .filter(token -> token.mixture() > token.host() && seen.add(token.id()))
        .limit(MOST_HELPED)
        .map(t -> new Helped(text(t.id()), new Pair(Math.exp(t.host()), Math.exp(t.mixture()))))
        .toList();
  }

  /** Generates twice: the first time also warms up, the second is the one whose speed counts. */
  private Generation continued(DemoPassage passage) {
    GenerationRequest request = request(GenerationRequest.of(passage.prompt()), TOKENS);
    model.generate(request);
    return model.generate(request);
  }

  private static GenerationRequest request(GenerationRequest base, int tokens) {
    return base.withMaxTokens(tokens).withSampling(SAMPLING).withStopAtEnd(false);
  }

  /** Asks the host, with no memory attached, for its choice at each place. */
  private List<Written> written(DemoPassage passage, Generation mixed) {
    int[] prompt = model.host().tokenizer().encode(passage.prompt());
    int[] ids = Arrays.copyOf(prompt, prompt.length + mixed.tokens().size());
    var written = new ArrayList<Written>();
    for (GeneratedToken token : mixed.tokens()) {
      int length = prompt.length + written.size();
      Generation host =
          model.generate(request(GenerationRequest.ofIds(Arrays.copyOf(ids, length)), 1));
      written.add(
          new Written(
              token.id(),
              token.text(),
              token.shares().values().iterator().next(),
              host.tokens().getFirst().id(),
              host.text()));
      ids[length] = token.id();
    }
    return written;
  }

  private String text(int id) {
    return new String(model.host().vocabulary().spell(id), StandardCharsets.UTF_8);
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  @Override
  public void close() {
    model.close();
  }
}

package dev.mneme;

import static java.util.Objects.requireNonNull;

import com.google.common.base.Preconditions;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * Perplexity of host, mixture and each memory over documents of any length, by a sliding window.
 *
 * <p>Windows start every {@code stride} tokens of a document and never cross into the next. The
 * first window scores every id but its first, each later one the ids no earlier window has scored,
 * so every id is scored once with at least {@code window - stride} ids before it (Memory Decoder,
 * arXiv 2508.09874, scores the last half of each window). Positions restart at 0 in each window.
 *
 * <p>Holds a lease on the memories attached when it was made. Used by one thread; closed by whoever
 * made it.
 */
public final class Perplexity implements AutoCloseable {

  private final MixtureSession session;
  private final Vocabulary vocabulary;
  private final boolean leadingSpace;
  private final int window;
  private final int stride;
  private final List<String> names;
  private long tokens;
  private long bytes;
  private double mixtureNll;
  private double hostNll;
  private final double[] memoryNll;

  /**
   * Starts an evaluation.
   *
   * @param window ids in a window, 2 to the smallest context of host and memories
   * @param stride ids between the starts of windows, 1 to {@code window - 1}
   */
  public Perplexity(MemoryAugmentedModel model, int window, int stride) {
    Preconditions.checkArgument(
        window >= 2, "the window must have at least 2 tokens, not %s", window);
    Preconditions.checkArgument(
        stride >= 1 && stride < window,
        "the stride must lie in [1, %s], not %s",
        window - 1,
        stride);
    session = Arguments.present(model, "model").openSession();
    try {
      if (window > session.capacity() + 1) {
        throw new ContextOverflowException(
            "a window of %d does not fit host and memories, which together hold %d tokens; choose a smaller window"
                .formatted(window, session.capacity()));
      }
      HostModel host = session.lease().host();
      vocabulary = host.vocabulary();
      leadingSpace = host.tokenizer().addsLeadingSpace();
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
    this.window = window;
    this.stride = stride;
    names = session.lease().attachments().stream().map(Attachment::name).toList();
    memoryNll = new double[names.size()];
  }

  /** Adds one document, its beginning-of-sequence id first; shorter than 2 ids it adds nothing. */
  public void add(int... document) {
    add(document, scored -> {});
  }

  /**
   * Adds one document.
   *
   * @param document ids in {@code [0, logitWidth())} of the host, the beginning-of-sequence id
   *     first
   * @param progress told after each window how many ids were scored in it
   */
  public void add(int[] document, IntConsumer progress) {
    Arguments.present(document, "document");
    Arguments.present(progress, "progress");
    session.requireIds(document);
    int done = 1;
    for (int start = 0; done < document.length; start += stride) {
      int end = Math.min(document.length, start + window);
      int[] ids = Arrays.copyOfRange(document, start, end);
      WindowScorer.score(session, ids, done - start, this::count);
      progress.accept(end - done);
      done = end;
    }
    if (document.length > 1) {
      byte[] first = spelled(document[1]);
      bytes -= leadingSpace && first.length > 0 && first[0] == ' ' ? 1 : 0;
    }
  }

  private void count(TokenScore score) {
    tokens++;
    bytes += spelled(score.id()).length;
    mixtureNll -= score.mixture();
    hostNll -= score.host();
    for (int i = 0; i < memoryNll.length; i++) {
      memoryNll[i] -= requireNonNull(score.memories().get(names.get(i)));
    }
  }

  /** What an id spells; a row of the host's padding spells nothing. */
  private byte[] spelled(int id) {
    return id < vocabulary.size() ? vocabulary.spell(id) : new byte[0];
  }

  /**
   * Everything added so far.
   *
   * @throws MnemeException if nothing has been scored
   */
  public Result result() {
    if (tokens == 0) {
      throw new MnemeException(
          "no token has been scored; add a document of at least 2 tokens, the first of which is only read");
    }
    var memories = new LinkedHashMap<String, Figures>();
    List<MemoryUse> uses = session.lease().uses();
    for (int i = 0; i < memoryNll.length; i++) {
      memories.put(uses.get(i).name(), figures(memoryNll[i]));
    }
    return new Result(tokens, bytes, figures(hostNll), figures(mixtureNll), memories, uses);
  }

  private Figures figures(double nll) {
    return new Figures(nll, Math.exp(nll / tokens), nll / Math.log(2) / bytes);
  }

  @Override
  public void close() {
    session.close();
  }

  /**
   * One model's figures.
   *
   * @param nll total negative log-probability, natural logarithm
   * @param perplexity {@code exp(nll / tokens)}
   * @param bitsPerByte {@code nll / ln 2 / bytes}: comparable between tokenizers
   */
  public record Figures(double nll, double perplexity, double bitsPerByte) {}

  /**
   * An evaluation's outcome.
   *
   * @param tokens ids scored
   * @param bytes UTF-8 bytes the scored ids spell, without the blank a tokenizer puts before a text
   * @param host the host alone
   * @param mixture host and memories mixed
   * @param memories each memory alone, by name
   * @param uses exactly which memories, with their weights
   */
  public record Result(
      long tokens,
      long bytes,
      Figures host,
      Figures mixture,
      Map<String, Figures> memories,
      List<MemoryUse> uses) {

    public Result {
      memories = ImmutableMap.copyOf(memories);
      uses = ImmutableList.copyOf(uses);
    }
  }
}

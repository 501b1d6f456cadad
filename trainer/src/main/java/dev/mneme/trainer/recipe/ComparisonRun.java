package dev.mneme.trainer.recipe;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MnemeException;
import dev.mneme.Tap;
import dev.mneme.TappedHost;
import dev.mneme.djl.LlamaShape;
import dev.mneme.djl.Processor;
import dev.mneme.store.HostNorms;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.PackKind;
import dev.mneme.trainer.ScoreTokens;
import dev.mneme.trainer.TokenFile;
import dev.mneme.trainer.text.BpeTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Runs the stages of a {@link ComparisonRecipe}. Used once. */
final class ComparisonRun {

  /**
   * A rival that cannot be measured yet.
   *
   * @param model folder in the work folder
   */
  record Missing(Rival rival, ComparisonRecipe.Domain domain, String model) {}

  /**
   * Everything measured.
   *
   * @param host log-probabilities of each text's tokens
   * @param documents of each text
   * @param neighbours of each domain with documents for a datastore
   * @param contenders that are models
   */
  record Measured(
      Map<DataFile, float[]> host,
      Map<DataFile, Integer> documents,
      List<NeighbourRow> neighbours,
      List<Contender> contenders,
      List<Missing> missing) {}

  private final ComparisonRecipe recipe;
  private final Workspace workspace;
  private final int threads;
  private final BpeTokenizer tokenizer;
  private final List<Missing> missing = new ArrayList<>();
  private final List<Planned> planned = new ArrayList<>();
  private final Stages stages;
  private final Map<DataFile, TokenFile> texts = new LinkedHashMap<>();

  /** A rival that is there, and the texts it is measured on. */
  private record Planned(
      Rival rival, ComparisonRecipe.Domain domain, MadeFolder model, Set<DataFile> texts) {}

  /**
   * A run.
   *
   * @param threads 0 for what the recipe says
   * @throws MnemeException if the host is missing, or a model has another tokenizer or a shorter
   *     context than the recipe needs
   */
  ComparisonRun(ComparisonRecipe recipe, Workspace workspace, int threads, RunListener listener) {
    this.recipe = recipe;
    this.workspace = workspace;
    int wanted = threads > 0 ? threads : recipe.threads();
    this.threads = wanted > 0 ? wanted : Runtime.getRuntime().availableProcessors();
    this.tokenizer = NetworkParts.tokenizerIn(recipe.tokenizer().in(workspace.work()));
    requireFitting(recipe.host(), "host");
    recipe.domains().forEach(this::plan);
    int scorings = planned.stream().mapToInt(one -> one.texts().size()).sum();
    long searches = recipe.domains().stream().filter(one -> !one.corpora().isEmpty()).count();
    int each = NeighbourStages.COUNT;
    this.stages = new Stages(2 * allTexts().size() + scorings + (int) searches * each, listener);
  }

  private void plan(ComparisonRecipe.Domain domain) {
    for (Rival rival : Rival.values()) {
      if (rival.folder(domain).isEmpty()) {
        continue;
      }
      MadeFolder model = rival.folder(domain).get();
      if (Files.isRegularFile(model.in(workspace.work()).resolve(NetworkParts.WEIGHTS))) {
        if (rival == Rival.MLP_MEMORY) {
          requireReadsTheHost(model, rival.key());
        } else {
          requireFitting(model, rival.key());
        }
        planned.add(new Planned(rival, domain, model, textsFor(rival, domain)));
      } else {
        missing.add(new Missing(rival, domain, model.path()));
      }
    }
  }

  /** A pack is measured on every domain, to see what a wrong one costs. */
  private Set<DataFile> textsFor(Rival rival, ComparisonRecipe.Domain domain) {
    var chosen = new LinkedHashSet<DataFile>();
    if (rival.isMixed()) {
      chosen.add(domain.valid()); // the weight is chosen there
    }
    chosen.add(domain.test());
    chosen.add(recipe.general());
    if (rival == Rival.MEMORY) {
      recipe.domains().forEach(other -> chosen.add(other.test()));
    }
    return chosen;
  }

  private Set<DataFile> allTexts() {
    var all = new LinkedHashSet<DataFile>();
    for (ComparisonRecipe.Domain domain : recipe.domains()) {
      all.add(domain.valid());
      all.add(domain.test());
    }
    all.add(recipe.general());
    return all;
  }

  private void requireFitting(MadeFolder model, String setting) {
    Path folder = model.in(workspace.work());
    LlamaShape shape = NetworkParts.shapeOf(folder, tokenizer, setting);
    NetworkParts.requireContext(shape, recipe.window() - 1, "window less one", folder);
  }

  /** An MLP Memory's pack names its host. */
  private void requireReadsTheHost(MadeFolder model, String setting) {
    Path folder = model.in(workspace.work());
    NetworkParts.requireTokenizer(folder, tokenizer, setting);
    Path host = recipe.host().in(workspace.work());
    MemoryPack pack = MemoryPack.open(folder);
    if (!(pack.kind() instanceof PackKind.MlpMemory(TappedHost reads))) {
      throw new MnemeException(
          "the \"%s\" in %s is a pack of a %s".formatted(setting, folder, pack.kind().label()));
    }
    List<String> differences = HostNorms.ofHuggingFace(host).differencesFrom(reads.host());
    if (!differences.isEmpty() || !reads.tap().equals(Tap.lastFeedForwardInput())) {
      throw new MnemeException(
          "the \"%s\" in %s reads %s of another host than %s (%s); leave it out or name the host it was trained on"
              .formatted(setting, folder, reads.tap(), host, String.join("; ", differences)));
    }
  }

  int threads() {
    return threads;
  }

  Measured run() {
    Processor.useThreads(threads);
    try {
      allTexts().forEach(text -> texts.put(text, tokenize(text)));
      Map<DataFile, float[]> host = scores(recipe.host(), texts.keySet(), Optional.empty());
      var search = new NeighbourStages(recipe, workspace, stages);
      List<NeighbourRow> neighbours =
          recipe.domains().stream()
              .filter(domain -> !domain.corpora().isEmpty())
              .map(domain -> search.run(domain, texts))
              .toList();
      List<Contender> contenders = new ArrayList<>();
      for (Planned one : planned) {
        contenders.add(
            new Contender(
                one.rival().label(),
                one.rival().key(),
                one.domain(),
                Optional.of(one.model()),
                one.rival().isMixed(),
                scores(one.model(), one.texts(), hostOf(one.rival()))));
      }
      var documents = new LinkedHashMap<DataFile, Integer>();
      texts.forEach((text, tokens) -> documents.put(text, tokens.documents()));
      return new Measured(host, documents, neighbours, contenders, missing);
    } finally {
      texts.values().forEach(TokenFile::close);
    }
  }

  private TokenFile tokenize(DataFile text) {
    Path file = text.in(workspace.data());
    if (!Files.isRegularFile(file)) {
      throw new MnemeException(
          "no such text: %s; is --data the folder that the recipe's files lie in?".formatted(file));
    }
    TokenFile tokens =
        new TokenStage(workspace, recipe.tokenizer(), stages)
            .run("tokenize " + text.path(), List.of(CorpusSettings.of(text)), 0, 1);
    if (tokens.size() == tokens.documents()) {
      tokens.close();
      throw new MnemeException(
          "%s has no token to measure on: the first of each document only begins it; give more text"
              .formatted(file));
    }
    return tokens;
  }

  private Optional<Path> hostOf(Rival rival) {
    return rival == Rival.MLP_MEMORY
        ? Optional.of(recipe.host().in(workspace.work()))
        : Optional.empty();
  }

  private Map<DataFile, float[]> scores(MadeFolder model, Set<DataFile> of, Optional<Path> host) {
    var scores = new LinkedHashMap<DataFile, float[]>();
    for (DataFile text : of) {
      ObjectNode key = JsonNodeFactory.instance.objectNode();
      key.put("model", model.path()).put("text", text.path());
      key.put("tokenizer", recipe.tokenizer().path());
      key.put("window", recipe.window()).put("stride", recipe.stride());
      if (host.isPresent()) {
        key.put("host", recipe.host().path());
      }
      Path output = workspace.shared("scores", key);
      TokenFile tokens = requireNonNull(texts.get(text));
      Path folder = model.in(workspace.work());
      scores.put(
          text,
          stages.run(
              "score " + model.path() + " on " + text.path(),
              "tokens",
              output,
              meter ->
                  new ScoreTokens(tokens, folder, host, output, recipe.window(), recipe.stride())
                      .run(meter)));
    }
    return scores;
  }
}

package dev.mneme.trainer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.trainer.text.BpeEncoder;
import dev.mneme.trainer.text.BpeTokenizer;
import dev.mneme.trainer.text.Corpus;
import dev.mneme.trainer.text.Corpus.Labels;
import dev.mneme.trainer.text.Document;
import dev.mneme.trainer.text.DocumentSplit;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first stage: corpora become a {@link TokenFile}. Killed at any moment it goes on behind the
 * last document written; run again with the same inputs and settings it does nothing. Beside the
 * file lies its {@link StageManifest}.
 *
 * @param corpora in the order in which their documents are wanted
 * @param tokenizer a {@code tokenizer.json} that {@link BpeTokenizer} can read
 * @param output the token file
 * @param fewestCharacters a corpus with less is refused
 */
public record Tokenize(List<Corpus> corpora, Path tokenizer, Path output, long fewestCharacters) {

  /** Enough for a few training windows; below it there is nothing to learn a memory from. */
  public static final long DEFAULT_FEWEST_CHARACTERS = 10_000;

  /** Raised when the same inputs would give other ids. */
  private static final int VERSION = 1;

  private static final Logger log = LoggerFactory.getLogger(Tokenize.class);

  public Tokenize {
    corpora = List.copyOf(corpora);
  }

  /** Tokenizes corpora of usual size. */
  public Tokenize(List<Corpus> corpora, Path tokenizer, Path output) {
    this(corpora, tokenizer, output, DEFAULT_FEWEST_CHARACTERS);
  }

  /**
   * Makes the token file, unless it is there already.
   *
   * @param progress told after each document how many characters it had
   * @return the file, opened; the caller closes it
   * @throws MnemeException if a corpus is empty, tiny or broken, or a file cannot be read or
   *     written
   */
  public TokenFile run(LongConsumer progress) {
    StageManifest manifest = manifest();
    String origin = manifest.digest();
    Optional<TokenFile> done = finished(origin);
    if (done.isPresent()) {
      log.info("{} is up to date: {} ids", output, done.get().size());
      manifest.write(output, results(done.get()));
      return done.get();
    }
    requireEnoughText();
    var encoder = new BpeEncoder(BpeTokenizer.read(tokenizer));
    write(encoder, origin, progress);
    TokenFile made = TokenFile.open(output);
    manifest.write(output, results(made));
    return made;
  }

  /** The token file under its name, if it is whole and of this origin. */
  private Optional<TokenFile> finished(String origin) {
    if (!Files.exists(output)) {
      return Optional.empty();
    }
    try {
      TokenFile found = TokenFile.open(output);
      if (found.origin().equals(origin)) {
        return Optional.of(found);
      }
      found.close();
      log.info("{} was made from other inputs or settings and is made again", output);
    } catch (MalformedFileException e) {
      log.warn("{} is damaged and is made again: {}", output, e.getMessage());
    }
    return Optional.empty();
  }

  private void write(BpeEncoder encoder, String origin, LongConsumer progress) {
    BpeTokenizer bpe = encoder.tokenizer();
    var header = TokenFileHeader.empty(bpe.size(), bpe.digest(), origin);
    try (var writer = TokenFileWriter.open(output, header)) {
      long before = writer.documents();
      if (before > 0) {
        log.info("{}: going on behind document {}", output, before);
      }
      long number = 0;
      for (Corpus corpus : corpora) {
        try (Stream<Document> documents = corpus.documents()) {
          for (Iterator<Document> i = documents.iterator(); i.hasNext(); number++) {
            String text = i.next().text();
            if (number >= before) {
              writer.add(encoder.encodeDocument(text));
            }
            progress.accept(text.length());
          }
        }
      }
      writer.finish();
    }
  }

  private void requireEnoughText() {
    for (Corpus corpus : corpora) {
      corpus.requireAtLeast(1, fewestCharacters, "tokenizing for training");
    }
  }

  private StageManifest manifest() {
    var manifest = new StageManifest("tokenize", VERSION);
    manifest.input(tokenizer);
    ArrayNode described = manifest.settings().putArray("corpora");
    for (Corpus corpus : corpora) {
      corpus.files().forEach(manifest::input);
      if (!(corpus.labels() instanceof Labels.All)) {
        corpus.labelFiles().forEach(manifest::input);
      }
      describe(corpus, described.addObject());
    }
    return manifest;
  }

  private static void describe(Corpus corpus, ObjectNode node) {
    ArrayNode files = node.putArray("files");
    corpus.files().forEach(file -> files.add(String.valueOf(file.getFileName())));
    switch (corpus.labels()) {
      case Labels.All() -> {}
      case Labels.Only(Set<String> names) -> names.forEach(node.putArray("only")::add);
      case Labels.Without(Set<String> names) -> names.forEach(node.putArray("without")::add);
    }
    if (corpus.part().isPresent()) {
      DocumentSplit part = corpus.part().get();
      node.putObject("part")
          .put("seed", part.seed())
          .put("share", part.share())
          .put("complement", part.complement());
    }
    corpus.bytes().ifPresent(bytes -> node.put("bytes", bytes));
  }

  private static ObjectNode results(TokenFile file) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("documents", file.documents())
        .put("ids", file.size())
        .put("vocabulary", file.vocabulary())
        .put("tokenizer", file.tokenizerDigest());
  }
}

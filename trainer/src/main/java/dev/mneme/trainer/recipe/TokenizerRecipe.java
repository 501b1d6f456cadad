package dev.mneme.trainer.recipe;

import java.util.List;

/** Learns a byte-level BPE tokenizer: {@code tokenizer.json} and {@code tokenizer_config.json}. */
public record TokenizerRecipe(
    @Setting(about = About.NAME) RecipeName name,
    @Setting(about = About.CORPORA, range = "[1, 1000]") List<CorpusSettings> corpora,
    @Setting(about = About.EVALUATION, byDefault = "[]") List<DataFile> evaluation,
    @Setting(
            about = "entries in all, with the 256 bytes and the begin-of-text entry",
            range = "[257, 1000000]")
        int vocabulary,
    @Setting(
            about = "how often a pair must occur to become an entry",
            range = "[1, 1000000]",
            byDefault = "2")
        int fewest)
    implements TrainingRecipe {}

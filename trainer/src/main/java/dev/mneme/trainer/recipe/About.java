package dev.mneme.trainer.recipe;

/** What is said about the settings that kinds share. */
final class About {

  static final String NAME =
      "folder to make in the work folder, of a-z, 0-9, '.', '_', '-'; also the name of a pack";
  static final String DOMAIN = "what the memory knows, for people";
  static final String TEACHER =
      "folder in the work folder with the model whose activations are the keys";
  static final String DATASTORE = "how the teacher reads";
  static final String NEIGHBOURS = "how neighbours become targets";
  static final String LAMBDA = "mixing weight the pack recommends";
  static final String TOKENIZER = "folder in the work folder with tokenizer.json";
  static final String CORPORA = "text to learn from";
  static final String VALIDATION = "text to draw the validation curve on; never trained on";
  static final String EVALUATION =
      "text to be measured on later; a corpus that contains it is refused";
  static final String SHAPE = "shape of a new network";
  static final String INITIAL =
      "folder in the work folder with the network to go on with, instead of shape";
  static final String INITIAL_SEED = "of a new network's random weights";
  static final String BATCHES = "windows of text that make a step";
  static final String RATE = "learning rate of every step";
  static final String OPTIMISER = "AdamW";
  static final String COMPUTE = "how to compute; does not change what is learned";

  private About() {}
}

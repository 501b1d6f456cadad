package dev.mneme.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MnemeException;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.LlamaShape;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.SafeTensorsFile;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import dev.mneme.trainer.text.TestText;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be wrong around a run, each with a message that says what to do. */
class BadInputTest {

  @TempDir Path directory;
  private Path data = Path.of("");
  private Path work = Path.of("");

  @BeforeEach
  void makeDataAndATokenizer() throws IOException {
    data = TinyRecipes.data(directory);
    work = directory.resolve("work");
    run(TinyRecipes.TOKENIZER);
  }

  private void run(String recipe) {
    run(recipe, false);
  }

  private void run(String recipe, boolean force) {
    new RecipeRun(data, work, 0, force).run(TinyRecipes.read(directory, recipe), status -> {});
  }

  private void assertRefused(String recipe, String... words) {
    assertThatThrownBy(() -> run(recipe))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(words);
  }

  @Test
  void anEmptyCorpus() {
    Path file = TestText.write(data.resolve("train.txt"), "\n\n");
    assertRefused(TinyRecipes.HOST, file.toString(), "0 documents", "give more text");
  }

  @Test
  void aTinyCorpus() {
    TestText.write(data.resolve("train.txt"), "too little to learn from");
    assertRefused(
        TinyRecipes.HOST, "1 documents with 24 characters", "at least", "10,000", "give more text");
  }

  @Test
  void aCorpusWithTooLittleForTheVocabulary() {
    assertRefused(TinyRecipes.TOKENIZER.replace("300", "90000"), "give more text or ask for fewer");
  }

  @Test
  void moreNeighboursThanPositions() throws IOException {
    host();
    assertRefused(
        TinyRecipes.EXACT.replace("\"k\": 12", "\"k\": 50000"),
        "too few for 50000 neighbours",
        "\"neighbours.k\"");
  }

  @Test
  void bytesThatAreNotUtf8() throws IOException {
    Path file = data.resolve("train.txt");
    Files.write(file, new byte[] {'\n', (byte) 0xFF}, StandardOpenOption.APPEND);
    assertRefused(
        TinyRecipes.HOST, file.toString(), "not UTF-8: byte 0xFF", "convert the file to UTF-8");
  }

  @Test
  void aMissingCorpusFile() throws IOException {
    Files.delete(data.resolve("train.txt"));
    assertRefused(TinyRecipes.HOST, "no such corpus file", "train.txt", "--data");
  }

  @Test
  void aCorpusThatContainsItsEvaluationTextUnlessForced() throws IOException {
    Files.writeString(
        data.resolve("train.txt"),
        "\n\n" + Files.readString(data.resolve("test.txt")),
        StandardOpenOption.APPEND);
    String recipe = TinyRecipes.TOKENIZER;
    assertRefused(
        recipe, "contains evaluation text: 4 of 4", "runs of 13 words", "test.txt", "force");
    run(recipe, true);
    assertRefused(recipe, "contains evaluation text"); // forced once is not passed
  }

  @Test
  void aCorpusThatContainsItsValidationText() throws IOException {
    Files.writeString(
        data.resolve("train.txt"),
        "\n\n" + Files.readString(data.resolve("valid.txt")),
        StandardOpenOption.APPEND);
    assertRefused(TinyRecipes.HOST, "contains evaluation text: 4 of 8", "valid.txt");
  }

  @Test
  void aTokenizerThatIsNotThere() {
    assertRefused(
        TinyRecipes.HOST.replace("\"tokenizer\": \"tokenizer\"", "\"tokenizer\": \"other\""),
        "no tokenizer: expected " + work.resolve("other/tokenizer.json"),
        "run the recipe that makes it first");
  }

  @Test
  void aTeacherThatIsNotThere() {
    assertRefused(
        TinyRecipes.EXACT, "no model for \"teacher\"", work.resolve("host").toString(), "recipe");
  }

  @Test
  void aTeacherWithAnotherTokenizer() throws IOException {
    host();
    run(
        TinyRecipes.TOKENIZER
            .replace("\"tokenizer\", \"corpora", "\"other\", \"corpora")
            .replace("300", "290"));
    Files.copy(
        work.resolve("other/tokenizer.json"),
        work.resolve("host/tokenizer.json"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertRefused(TinyRecipes.EXACT, "the \"teacher\"", "has another tokenizer", "SHA-256");
  }

  @Test
  void aTeacherThatReadsShorterWindows() throws IOException {
    host();
    assertRefused(
        TinyRecipes.EXACT.replace(
            "{\"context\": 48, \"stride\": 24}", "{\"context\": 64, \"stride\": 24}"),
        "\"datastore.context\" is 64",
        "at most 48 tokens");
  }

  @Test
  void aCheckpointOfAnotherRecipe() throws IOException {
    host();
    Path checkpoint = work.resolve("tuned.training/checkpoint.safetensors");
    run(TinyRecipes.TUNED);
    String before = Digests.sha256(checkpoint);
    String[] words = {"is the checkpoint of another training", "delete it to begin anew"};
    assertRefused(TinyRecipes.TUNED.replace("0.01", "0.02"), words);
    assertRefused(
        TinyRecipes.TUNED.replace("\"sequences\": 2", "\"sequences\": 2, \"seed\": 5"), words);
    scratch(work.resolve("host"), 1); // the same recipe, beginning with another network
    assertRefused(TinyRecipes.TUNED, words);
    assertThat(Digests.sha256(checkpoint)).isEqualTo(before);
  }

  @Test
  void aCheckpointOfTheSameTextWithOtherNeighbours() throws IOException {
    host();
    run(TinyRecipes.EXACT);
    assertRefused(
        TinyRecipes.EXACT.replace("\"k\": 12", "\"k\": 9"),
        "is the checkpoint of another training");
  }

  @Test
  void anOutputThatNoRunOfThisRecipeMade() throws IOException {
    host();
    Files.createDirectories(work.resolve("tuned"));
    assertRefused(TinyRecipes.TUNED, "exists and no run of this recipe made it", "rename");
  }

  @Test
  void anOutputThatWasChanged() throws IOException {
    host();
    String recipe = TinyRecipes.EXACT.replace("\"lambda\"", "\"beta\": 0, \"lambda\"");
    run(recipe.replace("0.45", "0.4"));
    assertRefused(recipe, "is not what this recipe gives", "remove it");
  }

  @Test
  void anotherRunOnTheSameOutput() throws IOException {
    Path file = Files.createDirectories(work.resolve("tokenizer.training")).resolve("check.run");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.lock();
      assertRefused(TinyRecipes.TOKENIZER, "is being made by another run", "wait for it");
    }
  }

  @Test
  void aFullDiskIsFoundBeforeAnHourOfWork() {
    assertThatThrownBy(() -> FreeSpace.require(directory, Long.MAX_VALUE, "the teacher's keys"))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll(
            "the teacher's keys need 9,223,372,036,854,775,807 bytes",
            directory.toString(),
            "make room or choose another --work folder",
            "what is done is kept");
    FreeSpace.require(directory, 1, "a byte");
  }

  @Test
  void aFolderThatCannotBeMade() throws IOException {
    Files.writeString(directory.resolve("file"), "");
    var run = new RecipeRun(data, directory.resolve("file"), 0, false);
    assertThatThrownBy(
            () -> run.run(TinyRecipes.read(directory, TinyRecipes.TOKENIZER), status -> {}))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("cannot work on", "check the folder and the free space");
  }

  @Test
  void aLossThatIsNotANumberLeavesNoOutput() throws IOException {
    host();
    fillWeights(1e18f); // products leave the finite numbers
    assertRefused(
        TinyRecipes.TUNED,
        "training left the finite numbers: loss NaN",
        "resume from the last checkpoint with a smaller learning rate");
    assertThat(work.resolve("tuned")).doesNotExist();
  }

  @Test
  void weightsThatAreNotNumbers() throws IOException {
    host();
    fillWeights(Float.NaN);
    assertRefused(TinyRecipes.TUNED, "model.embed_tokens.weight", "NaN as its number 0");
  }

  @Test
  void anMlpMemoryWhoseActivationsAreOfAnotherTeacher() throws IOException {
    host();
    run(TinyRecipes.MLP);
    assertRefused(TinyRecipes.MLP.replace("0.01", "0.02"), "is the checkpoint of another training");
    scratch(work.resolve("host"), 4);
    assertRefused(TinyRecipes.MLP, "is the checkpoint of another training");
  }

  @Test
  void anMlpMemoryWithoutItsTeacher() {
    assertRefused(
        TinyRecipes.MLP, "no model for \"teacher\"", work.resolve("host").toString(), "recipe");
  }

  /** Puts one number everywhere in the host. */
  private void fillWeights(float number) throws IOException {
    Path weights = work.resolve("host/model.safetensors");
    try (SafeTensorsFile file = SafeTensorsFile.open(weights)) {
      List<SafeTensorsWriter.Entry> entries =
          file.tensors().values().stream()
              .map(
                  tensor -> {
                    float[] values = new float[(int) tensor.elements()];
                    Arrays.fill(values, number);
                    return SafeTensorsWriter.Entry.of(tensor.name(), tensor.shape(), values);
                  })
              .toList();
      Files.delete(weights);
      SafeTensorsWriter.write(weights, file.metadata(), entries);
    }
  }

  /** A host that was never trained, which is enough where only its being there matters. */
  private void host() throws IOException {
    scratch(work.resolve("host"), 3);
    Files.copy(work.resolve("tokenizer/tokenizer.json"), work.resolve("host/tokenizer.json"));
  }

  private static void scratch(Path folder, long seed) {
    var shape = new LlamaShape(300, 32, 2, 2, 1, 48, 48, 10000, 1e-5);
    try (DecoderNetwork network = DecoderNetwork.random(shape, seed, false)) {
      network.save(folder, Dtype.F16, 0);
    }
  }
}

package dev.mneme.trainer.recipe;

import dev.mneme.djl.ActivationBatch;
import dev.mneme.djl.Batch;
import dev.mneme.djl.DecoderNetwork;
import dev.mneme.djl.LlamaShape;
import dev.mneme.djl.MlpNetwork;
import dev.mneme.store.hf.MlpShape;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.SafeTensorsFile;
import dev.mneme.trainer.ActivationData;
import dev.mneme.trainer.DistillationData;
import dev.mneme.trainer.LanguageModelData;
import dev.mneme.trainer.OnlineActivationData;
import dev.mneme.trainer.TokenFile;
import dev.mneme.trainer.TrainingData;
import dev.mneme.trainer.text.BpeTokenizer;
import java.nio.file.Path;

/**
 * Trains an MLP Memory. Owns the teacher, which reads validation text and, online, the text to
 * learn.
 */
final class MlpLearner implements Learner<MlpNetwork, ActivationBatch> {

  private final MlpMemoryRecipe recipe;
  private final MlpShape shape;
  private final DecoderNetwork teacher;
  private final String teacherDigest;
  private final boolean bfloat16;

  private MlpLearner(MlpMemoryRecipe recipe, MlpShape shape, Path teacher, boolean bfloat16) {
    this.recipe = recipe;
    this.shape = shape;
    this.teacher = DecoderNetwork.open(teacher, bfloat16);
    this.teacherDigest = Digests.sha256(teacher.resolve(NetworkParts.WEIGHTS));
    this.bfloat16 = bfloat16;
  }

  /**
   * Finds what a recipe names.
   *
   * @throws dev.mneme.MnemeException if something is missing, or has another tokenizer or a shorter
   *     context than the recipe needs
   */
  static MlpLearner of(MlpMemoryRecipe recipe, Workspace workspace, boolean bfloat16) {
    Path work = workspace.work();
    BpeTokenizer tokenizer = NetworkParts.tokenizerIn(recipe.tokenizer().in(work));
    LlamaShape teacher = NetworkParts.teacher(recipe, work, tokenizer);
    MlpShape shape = recipe.shape().of(teacher.hidden(), tokenizer.size());
    return new MlpLearner(recipe, shape, recipe.teacher().in(work), bfloat16);
  }

  @Override
  public MlpNetwork begin() {
    return MlpNetwork.random(shape, recipe.initialSeed(), bfloat16);
  }

  @Override
  public MlpNetwork read(SafeTensorsFile checkpoint) {
    return MlpNetwork.of(shape, checkpoint, bfloat16);
  }

  @Override
  public String shape() {
    return shape.toString();
  }

  @Override
  public String origin() {
    return NetworkParts.randomOrigin(recipe) + ", teacher " + teacherDigest;
  }

  @Override
  public long parameters() {
    return shape.parameters();
  }

  @Override
  public int length() {
    return recipe.datastore().context();
  }

  @Override
  public int sequences() {
    return Math.max(1, recipe.batches().rows() / length());
  }

  @Override
  public TrainingData<ActivationBatch> data(TokenFile tokens, MemoryTargets targets) {
    MlpMemoryRecipe.Batches batches = recipe.batches();
    TrainingData<ActivationBatch> data =
        targets
            .datastore()
            .<TrainingData<ActivationBatch>>map(
                keys ->
                    new ActivationData(
                        tokens,
                        keys,
                        targets.sparse(),
                        recipe.beta(),
                        batches.rows(),
                        batches.seed()))
            .orElseGet(() -> new OnlineActivationData(windows(tokens, targets), teacher));
    return targets.digest().isEmpty() ? data : data.withOrigin(targets.digest());
  }

  private TrainingData<Batch> windows(TokenFile tokens, MemoryTargets targets) {
    long seed = recipe.batches().seed();
    return targets
        .sparse()
        .<TrainingData<Batch>>map(
            sparse ->
                new DistillationData(tokens, sparse, recipe.beta(), length(), sequences(), seed))
        .orElseGet(() -> new LanguageModelData(tokens, length(), sequences(), seed));
  }

  @Override
  public double loss(MlpNetwork network, LanguageModelData text, int batches) {
    return Learner.mean(batches, i -> network.losses(ActivationBatch.of(text.batch(i), teacher)));
  }

  @Override
  public void save(MlpNetwork network, Path directory, int beginAndEnd) {
    network.save(directory, Dtype.F16, beginAndEnd);
  }

  @Override
  public void close() {
    teacher.close();
  }
}

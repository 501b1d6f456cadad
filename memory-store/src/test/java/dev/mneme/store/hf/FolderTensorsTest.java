package dev.mneme.store.hf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MalformedFileException;
import dev.mneme.store.WeightType;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Which tensors of a folder make up its network: what transformers leaves out or finds under a
 * shorter name changes nothing, and what it would replace by noise is refused in one sentence.
 */
class FolderTensorsTest {

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource({
    "LLAMA,    model.rotary_emb.inv_freq",
    "LLAMA,    model.layers.0.self_attn.rotary_emb.inv_freq",
    "QWEN2,    model.layers.1.self_attn.rotary_emb.cos_cached",
    "MISTRAL,  layers.0.self_attn.rotary_emb.sin_cached",
    "GEMMA3,   model.rotary_emb_local.inv_freq",
    "GEMMA3,   model.rotary_emb.sliding_attention_inv_freq",
    "GPT2,     transformer.h.0.attn.bias",
    "GPT2,     h.1.attn.masked_bias",
    "GPT2,     transformer.position_ids",
    "GPT_NEOX, gpt_neox.layers.0.attention.bias",
    "GPT_NEOX, gpt_neox.layers.0.attention.rotary_emb.inv_freq",
    "LLAMA,    score.weight",
    "LLAMA,    v_head.summary.weight",
    "QWEN3,    classifier.bias",
    "GPT2,     multiple_choice_head.summary.weight",
    "MISTRAL,  medusa_heads.0.weight"
  })
  void leavesOutTablesAndHeadsOfOtherTasks(Family family, String name) throws IOException {
    byte[] plain = converted(family);
    add(name, 1, 1, 4, 4);
    assertThat(convert()).isEqualTo(plain);
  }

  @Test
  void leavesEmptyTensorsOut() throws IOException {
    byte[] plain = converted(Family.LLAMA);
    add("some.module.weight", 0);
    add("another", 3, 0);
    assertThat(convert()).isEqualTo(plain);
  }

  @Test
  void refusesABiasThatIsNoMask() {
    TinyModel.write(directory, Family.GPT2, 1);
    add("transformer.h.0.attn.bias", TinyModel.HIDDEN);
    assertThatThrownBy(this::open)
        .hasMessageContaining("\"transformer.h.0.attn.bias\" is no tensor of a GPT2 model");
  }

  @ParameterizedTest
  @ValueSource(strings = {"lm_head.bias", "model.layers.7.mlp.up_proj.weight", "embed_out.weight"})
  void refusesWhatMayBePartOfAnotherNetwork(String name) {
    TinyModel.write(directory, Family.LLAMA, 1);
    add(name, 2);
    assertThatThrownBy(this::open)
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("\"" + name + "\" is no tensor of a LLAMA model");
  }

  @ParameterizedTest
  @EnumSource
  void findsTensorsWithoutTheBaseModelsName(Family family) throws IOException {
    byte[] plain = converted(family);
    rename(name -> name.replaceFirst("^(model|transformer|gpt_neox)\\.", ""));
    assertThat(convert()).isEqualTo(plain);
  }

  @ParameterizedTest
  @EnumSource
  void findsTensorsOfWhichOnlySomeHaveTheBaseModelsName(Family family) throws IOException {
    byte[] plain = converted(family);
    rename(
        name ->
            name.contains("norm") || name.contains("ln_")
                ? name
                : name.replaceFirst("^(model|transformer|gpt_neox)\\.", ""));
    assertThat(convert()).isEqualTo(plain);
  }

  @Test
  void refusesATensorThatIsThereUnderBothNames() {
    TinyModel.write(directory, Family.LLAMA, 1);
    add("norm.weight", TinyModel.HIDDEN);
    assertThatThrownBy(this::open).hasMessageContaining("\"norm.weight\" is no tensor");
  }

  @ParameterizedTest
  @CsvSource({
    "QWEN2, model.embed_tokens.weight, lm_head.weight",
    "GPT2, transformer.wte.weight, lm_head.weight"
  })
  void takesTheHeadForAnEmbeddingThatIsNotStored(Family family, String embedding, String head)
      throws IOException {
    byte[] plain = converted(family);
    rename(name -> name.equals(embedding) ? head : name);
    assertThat(convert()).isEqualTo(plain);
    try (HuggingFaceModel model = open()) {
      assertThat(model.tied()).isTrue();
      assertThat(model.tensors().tensors()).containsKey(embedding);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "MISTRAL,  model.embed_tokens.weight, lm_head.weight",
    "GEMMA3,   model.embed_tokens.weight, lm_head.weight",
    "GPT2,     transformer.wte.weight,    lm_head.weight"
  })
  void usesTheHeadThatATiedModelStoresAndThatDiffers(Family family, String embedding, String head) {
    TinyModel.write(directory, family, 1);
    ModelEdit.tensors(
        directory,
        tensors -> {
          Entry rows = Objects.requireNonNull(tensors.get(embedding));
          var other = MemorySegment.ofArray(new byte[(int) rows.data().byteSize()]);
          tensors.put(head, new Entry(head, rows.dtype(), rows.shape(), other));
        });
    try (HuggingFaceModel model = open()) {
      assertThat(model.tied()).isFalse();
      assertThat(model.tensorsByPart()).containsEntry("output.weight", head);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "_orig_mod.,           torch.compile",
    "module.,              several GPUs",
    "base_model.model.,    merge_and_unload",
    "model.language_model., images",
    "student.,             around it"
  })
  void saysInOneSentenceWhichPrefixAllNamesHave(String prefix, String hint) {
    TinyModel.write(directory, Family.LLAMA, 1);
    rename(name -> prefix + name);
    assertThatThrownBy(this::open)
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("names that begin with \"" + prefix + "\"", hint)
        .satisfies(
            e -> assertThat(e.getMessage()).doesNotContain("is missing").hasSizeLessThan(400));
  }

  @Test
  void saysWhichWrapperStandsInTheMiddleOfNames() {
    TinyModel.write(directory, Family.QWEN3, 1);
    rename(
        name -> name.replaceFirst("layers\\.(\\d+)\\.", "layers.$1._checkpoint_wrapped_module."));
    assertThatThrownBy(this::open)
        .hasMessageContaining("names with \"_checkpoint_wrapped_module.\" in them");
  }

  @ParameterizedTest
  @CsvSource({
    "model.layers.0.self_attn.q_proj.lora_A.weight, not merged",
    "model.layers.0.self_attn.q_proj.base_layer.weight, not merged",
    "model.layers.0.self_attn.q_proj.qweight, quantised",
    "model.layers.0.self_attn.q_proj.weight_scale_inv, quantised",
    "model.layers.0.self_attn.q_proj.weight.absmax, quantised"
  })
  void namesTheToolThatChangedTheMatrices(String name, String word) {
    TinyModel.write(directory, Family.LLAMA, 1);
    rename(stored -> stored.equals("model.layers.0.self_attn.q_proj.weight") ? name : stored);
    assertThatThrownBy(this::open)
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll(directory.toString(), word)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("is missing"));
  }

  @Test
  void countsProblemsAfterTheFirstFew() {
    TinyModel.write(directory, Family.LLAMA, 1);
    ModelEdit.tensors(directory, Map::clear);
    add("something", 1);
    assertThatThrownBy(this::open)
        .hasMessageContainingAll("\"model.embed_tokens.weight\" is missing", "; and 14 more");
  }

  @Test
  void saysThatAnEmptiedMatrixIsEmpty() {
    TinyModel.write(directory, Family.LLAMA, 1);
    add("model.norm.weight", 0);
    assertThatThrownBy(this::open).hasMessageContainingAll("\"model.norm.weight\"", "it is empty");
  }

  private HuggingFaceModel open() {
    return HuggingFaceModel.open(directory);
  }

  private byte[] converted(Family family) throws IOException {
    TinyModel.write(directory, family, 1);
    return convert();
  }

  private byte[] convert() throws IOException {
    Path out = directory.resolve("out.gguf");
    Files.deleteIfExists(out);
    GgufConverter.convertHost(directory, out, WeightType.F32);
    return Files.readAllBytes(out);
  }

  private void add(String name, long... shape) {
    long size = 1;
    for (long length : shape) {
      size *= length;
    }
    Entry entry = Entry.of(name, Arrays.stream(shape).boxed().toList(), new float[(int) size]);
    ModelEdit.tensors(directory, tensors -> tensors.put(name, entry));
  }

  private void rename(Function<String, String> names) {
    ModelEdit.tensors(
        directory,
        tensors -> {
          List<Entry> all = List.copyOf(tensors.values());
          tensors.clear();
          for (Entry entry : all) {
            String name = names.apply(entry.name());
            tensors.put(name, new Entry(name, entry.dtype(), entry.shape(), entry.data()));
          }
        });
  }
}

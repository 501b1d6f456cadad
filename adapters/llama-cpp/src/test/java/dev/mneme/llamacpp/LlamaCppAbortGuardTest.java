package dev.mneme.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.OperatingSystemMXBean;
import dev.mneme.FloatRows;
import dev.mneme.HostSession;
import dev.mneme.Rows;
import dev.mneme.llamacpp.internal.LlamaModel;
import dev.mneme.store.WeightType;
import dev.mneme.store.gguf.GgufEdit;
import dev.mneme.store.gguf.GgufType;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What makes llama.cpp end the process or never return, and what stands before it. The situations
 * are those of the bundled b4916 and of v0.5.0; where one of them only is told, the other returns
 * an error. The tests run in another JVM ({@link ChildJvm}): an abort fails its own test and no
 * other.
 *
 * <table>
 * <caption>Situations and their guards</caption>
 * <tr><th>llama.cpp dies of</th><th>guard</th></tr>
 * <tr><td>a token id outside the vocabulary in a batch (b4916)</td>
 *     <td>EngineSession.requireExtendable</td></tr>
 * <tr><td>more tokens than n_batch</td><td>EngineSession.requireExtendable</td></tr>
 * <tr><td>fewer than zero tokens</td><td>a batch's size is an array's length; zero, which is
 *     possible, is refused by EngineSession.requireExtendable</td></tr>
 * <tr><td>more outputs than n_outputs_max (v0.5.0)</td><td>no setter writes it, so it is n_batch,
 *     which requireExtendable keeps; the largest batch with all its rows is tested</td></tr>
 * <tr><td>both (b4916) or neither of tokens and embeddings</td><td>not to be reached, so not tested:
 *     a LlamaSession fills in the token pointer once and leaves the other null</td></tr>
 * <tr><td>the text, score or kind of an id outside the vocabulary</td><td>these functions are not
 *     bound; Vocabulary decodes in Java</td></tr>
 * <tr><td>tokenizing a negative length</td><td>not to be reached: NativeVocabulary.tokenize passes an
 *     array's length; its least value, 0, is tested</td></tr>
 * <tr><td>text functions without a vocabulary</td><td>LlamaCppHost.open needs one; for memories
 *     TokenizerGuard.isWithoutNames in NativeVocabulary.tokenize</td></tr>
 * <tr><td>a null vocabulary</td><td>LlamaModel's constructor throws where loading gave no model, and
 *     checkOpen after its end</td></tr>
 * <tr><td>decoding with a model loaded for its vocabulary only</td><td>not to be reached, so not
 *     tested: no option sets vocab_only, whose default is false</td></tr>
 * <tr><td>a key cache type whose block does not divide a head, a quantised value cache without flash
 *     attention (b4916), a type that does not exist</td><td>CacheType offers types with blocks of
 *     one; each is tried on heads of 8</td></tr>
 * <tr><td>an unknown number for flash attention or the load mode, and functions of load modes' names
 *     (v0.5.0)</td><td>not to be reached: ContextLayout.setFlashAttention and ModelLayout.setUnmapped
 *     write 0 or 1 (LayoutSettersTest), and these functions are not bound; each choice is tried</td>
 *     </tr>
 * <tr><td>1,000 threads, which never end a step (v0.5.0)</td><td>LlamaCppOptions allows 512;
 *     CoreShare.take gives no more than the cores, whatever a session was opened with</td></tr>
 * <tr><td>a context of 2^30 tokens, which is never made (v0.5.0)</td><td>CacheMemory.require, for
 *     what the machine cannot hold; LlamaModel.contextLength, for more than the model was trained
 *     for</td></tr>
 * <tr><td>parameters laid out as in another release: a function pointer in the place of a cache
 *     type</td><td>Release.of refuses what fits no layout (ReleaseTest, LayoutRecognitionTest)</td>
 *     </tr>
 * <tr><td>a function of the ggml of another release, where two builds of several files are loaded
 *     </td><td>OpenLibraries.requireOnlySplitBuild (LlamaCppLibraryTest)</td></tr>
 * <tr><td>an exception in an upcall</td><td>NativeLog.accept and TapCallback.called, the only
 *     upcalls, catch all (for the latter TapCallbackTest)</td></tr>
 * <tr><td>a token listed twice, also by a name cut at a zero byte</td><td>TokenizerGuard</td></tr>
 * <tr><td>no block, or a negative epsilon</td><td>ModelShape, GgufGuard.checkNumbers</td></tr>
 * <tr><td>an empty metadata key</td><td>GgufFile</td></tr>
 * <tr><td>a mapped file that was truncated or overwritten</td><td>LlamaModel.requireUnchangedWeights
 *     before each call; a change during a call is not to be caught, see
 *     LlamaCppOptions.memoryMapped</td></tr>
 * <tr><td>attention that is not causal, with batches larger than their graphs</td>
 *     <td>GgufGuard.checkKind</td></tr>
 * <tr><td>an unknown rope scaling, a part of a head rotated, odd heads, experts that do not add up,
 *     weights of a type without arithmetic, vectors of another type than F32,
 *     keys and tensors that only look right</td><td>GgufGuard, KeyTypes, TensorGuard (GgufGuardTest has more); these were found with edited
 *     files, and are not in llama.cpp's documentation</td></tr>
 * </table>
 */
class LlamaCppAbortGuardTest {

  private static final String SCALING = ".rope.scaling.type";

  @TempDir static Path directory;
  private static Path host = Path.of("");
  private static Path qwen = Path.of("");
  private static Path neox = Path.of("");
  private static Path gemma = Path.of("");
  private static ChildJvm jvm = new ChildJvm(Path.of(""));

  @AfterAll
  static void endJvm() {
    jvm.close();
  }

  @BeforeAll
  static void makeModels() {
    jvm = new ChildJvm(directory.resolve("jvm.log"));
    host = converted(Family.LLAMA);
    qwen = converted(Family.QWEN2);
    neox = converted(Family.GPT_NEOX);
    gemma = converted(Family.GEMMA3);
    Path memory = directory.resolve("memory.gguf");
    GgufConverter.convertMemory(directory.resolve("LLAMA"), memory, WeightType.F32);
  }

  private static Path converted(Family family) {
    Path model = TinyModel.write(TinyModel.directory(directory, family.name()), family, 1);
    Path file = directory.resolve(family.name() + ".gguf");
    GgufConverter.convertHost(model, file, WeightType.F32);
    return file;
  }

  /** Opens a file as a host and calls it with ids. */
  private static String forward(Path file, int... ids) {
    String name = file.toString();
    return jvm.outcome(
        () -> {
          try (LlamaCppHost model = LlamaCppHost.open(Path.of(name));
              HostSession session = model.openSession(1)) {
            FloatRows rows = session.forward(ids, Rows.LAST);
            return rows.count() + " row";
          }
        });
  }

  private static void assertRefused(GgufEdit edit, String... words) {
    Path file = edit.write(directory.resolve("edited.gguf"));
    assertThat(forward(file, 5, 6, 7, 8))
        .startsWith("threw MalformedFileException")
        .contains("edited.gguf")
        .contains(words);
  }

  @ParameterizedTest
  @EnumSource(names = {"LLAMA", "QWEN2", "GEMMA3", "GPT_NEOX"})
  void theUneditedModelsWork(Family family) {
    Path copy = directory.resolve("copy.gguf");
    GgufEdit.of(directory.resolve(family.name() + ".gguf")).write(copy);
    assertThat(forward(copy, 5, 6, 7, 8)).isEqualTo("returned 1 row");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE})
  void aTokenIdOutsideTheVocabulary(int id) {
    assertThat(forward(host, 5, id))
        .startsWith("threw IllegalArgumentException")
        .contains(Integer.toString(id));
  }

  @Test
  void theFirstTokenIdPastTheVocabulary() {
    int past = GgufEdit.of(host).tokenCount();
    assertThat(forward(host, past - 1)).isEqualTo("returned 1 row");
    assertThat(forward(host, past)).startsWith("threw IllegalArgumentException");
  }

  @Test
  void moreTokensThanABatchOrTheContextHolds() {
    assertThat(forward(host, new int[TinyModel.CONTEXT + 1]))
        .startsWith("threw IllegalArgumentException")
        .contains("97");
  }

  /** A session's context is rounded up by newer releases; what the caller may use is not. */
  @ParameterizedTest
  @ValueSource(ints = {1, 16, 96})
  void theLogitsOfEveryTokenOfTheLargestBatch(int batch) {
    assertThat(allRows(host.toString(), batch, batch)).isEqualTo("returned " + batch);
    assertThat(allRows(host.toString(), batch, batch + 1))
        .startsWith("threw IllegalArgumentException");
  }

  private static String allRows(String name, int batch, int tokens) {
    return jvm.outcome(
        () -> {
          LlamaCppOptions options = LlamaCppOptions.defaults().withBatchSize(batch);
          try (LlamaCppHost model = LlamaCppHost.open(Path.of(name), options);
              HostSession session = model.openSession(1)) {
            return session.forward(new int[tokens], Rows.ALL).count();
          }
        });
  }

  @Test
  void noTokens() {
    assertThat(forward(host)).startsWith("threw IllegalArgumentException");
  }

  @Test
  void theTextOfIdsOutsideTheVocabulary() {
    String name = host.toString();
    for (int id : new int[] {-1, 100_000}) {
      String outcome =
          jvm.outcome(
              () -> {
                try (LlamaCppHost model = LlamaCppHost.open(Path.of(name))) {
                  return model.tokenizer().decode(new int[] {id});
                }
              });
      assertThat(outcome).startsWith("threw ").contains(Integer.toString(id));
    }
  }

  @Test
  void anEmptyTextToTokenize() {
    String name = host.toString();
    String outcome =
        jvm.outcome(
            () -> {
              try (LlamaCppHost model = LlamaCppHost.open(Path.of(name))) {
                return Arrays.toString(model.tokenizer().encode("", false, true));
              }
            });
    assertThat(outcome).isEqualTo("returned []");
  }

  @Test
  void tokenizingWithAModelWithoutVocabulary() {
    String name = directory.resolve("memory.gguf").toString();
    String outcome =
        jvm.outcome(
            () -> {
              try (var model = new LlamaModel(Path.of(name), LlamaCppOptions.defaults())) {
                return model.tokenize("the text", true);
              }
            });
    assertThat(outcome).startsWith("threw MnemeException").contains("no tokenizer");
  }

  @Test
  void theVocabularyOfAModelThatLlamaCppRefused() {
    assertRefused(GgufEdit.of(host).putUint32("llama.feed_forward_length", 65), "llama.cpp", "65");
  }

  @Test
  void theVocabularyOfAClosedModel() {
    String name = host.toString();
    String outcome =
        jvm.outcome(
            () -> {
              LlamaCppHost model = LlamaCppHost.open(Path.of(name));
              model.close();
              return model.tokenizer().encode("the text");
            });
    assertThat(outcome).startsWith("threw ClosedException");
  }

  /** Heads of 8: a quantised cache has blocks of 32. */
  @ParameterizedTest
  @EnumSource(CacheType.class)
  void aCacheTypeWhoseBlocksDoNotDivideAHead(CacheType type) {
    String name = host.toString();
    String outcome =
        jvm.outcome(
            () -> {
              LlamaCppOptions options = LlamaCppOptions.defaults().withCacheType(type);
              try (LlamaCppHost model = LlamaCppHost.open(Path.of(name), options);
                  HostSession session = model.openSession(1)) {
                return session.forward(new int[] {5, 6}, Rows.LAST).count();
              }
            });
    assertThat(outcome).isEqualTo("returned 1");
  }

  @ParameterizedTest
  @EnumSource(FlashAttention.class)
  void everyWayToAttendAndToLoad(FlashAttention attention) {
    String name = host.toString();
    for (boolean mapped : new boolean[] {true, false}) {
      String outcome =
          jvm.outcome(
              () -> {
                LlamaCppOptions options =
                    LlamaCppOptions.defaults()
                        .withFlashAttention(attention)
                        .withMemoryMapped(mapped);
                try (LlamaCppHost model = LlamaCppHost.open(Path.of(name), options);
                    HostSession session = model.openSession(1)) {
                  return session.forward(new int[] {5, 6}, Rows.LAST).count();
                }
              });
      assertThat(outcome).as("mapped: %s", mapped).isEqualTo("returned 1");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 512})
  void manyMoreThreadsThanThereAreCores(int ofOptions) {
    String name = host.toString();
    String outcome =
        jvm.outcome(
            () -> {
              LlamaCppOptions options = LlamaCppOptions.defaults().withThreads(ofOptions);
              try (LlamaCppHost model = LlamaCppHost.open(Path.of(name), options);
                  HostSession session = model.openSession(1000)) {
                for (int i = 0; i < 5; i++) {
                  session.forward(new int[] {5}, Rows.LAST);
                }
                return session.forward(new int[] {5, 6}, Rows.LAST).count();
              }
            });
    assertThat(outcome).isEqualTo("returned 1");
  }

  /** A file may claim any length: 256 bytes a token here, so 512 GB. */
  @Test
  void aContextThatNoMemoryHolds() {
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    assumeTrue(system.getTotalMemorySize() < 500L << 30, "a machine of less than 500 GB");
    Path file =
        GgufEdit.of(host)
            .putUint32("llama.context_length", Integer.MAX_VALUE)
            .write(directory.resolve("edited.gguf"));
    String name = file.toString();
    String outcome =
        jvm.outcome(
            () ->
                LlamaCppHost.open(
                    Path.of(name),
                    LlamaCppOptions.defaults()
                        .withCacheType(CacheType.F32)
                        .withContextLength(Integer.MAX_VALUE)));
    assertThat(outcome)
        .startsWith("threw IllegalArgumentException")
        .contains("a context of 2147483647 tokens of ", "would take 511 GB")
        .contains("this machine's memory of " + (system.getTotalMemorySize() >> 30) + " GB");
    assertThat(forward(file, 5)).as("a context of ordinary length").isEqualTo("returned 1 row");
  }

  @Test
  void aContextLengthThatIsNoInteger() {
    assertRefused(GgufEdit.of(host).putUint32("llama.context_length", 1L << 31), "context_length");
  }

  /** The log goes to standard error, which throws: so does the logger inside the upcall. */
  @Test
  void anExceptionInTheLogUpcall() {
    Path file =
        GgufEdit.of(host)
            .putUint32("llama.feed_forward_length", 65)
            .write(directory.resolve("edited.gguf"));
    String name = file.toString();
    String outcome =
        jvm.outcome(
            () -> {
              PrintStream before = System.err;
              System.setErr(new BrokenStream());
              try {
                return LlamaCppHost.open(Path.of(name));
              } finally {
                System.setErr(before);
              }
            });
    assertThat(outcome).startsWith("threw MalformedFileException").contains("cannot load");
  }

  private static final class BrokenStream extends PrintStream {
    BrokenStream() {
      super(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
    }

    @Override
    public void println(String line) {
      throw new AssertionError("a logger that fails");
    }
  }

  @Test
  void aTokenListedTwice() {
    assertRefused(GgufEdit.of(host).token(70, "<0x42>"), "<0x42>", "twice");
  }

  @Test
  void tokensThatAreEqualUpToAZeroByte() {
    assertRefused(GgufEdit.of(host).token(270, "one\0a").token(271, "one\0b"), "twice", "270");
  }

  @Test
  void aTokenNamedLikeTheEmptyOne() {
    assertRefused(GgufEdit.of(host).token(270, "").token(271, "[EMPTY_270]"), "twice", "271");
  }

  @Test
  void aTokenTypeListOfShorterItems() {
    GgufEdit edit = GgufEdit.of(host);
    assertRefused(
        edit.putBytes("tokenizer.ggml.token_type", new byte[edit.tokenCount()]), "token_type");
  }

  @Test
  void noBlocks() {
    assertRefused(GgufEdit.of(host).putUint32("llama.block_count", 0), "block_count");
  }

  @ParameterizedTest
  @ValueSource(floats = {-1e-5f, Float.NaN, Float.NEGATIVE_INFINITY})
  void anEpsilonThatIsNegativeOrNoNumber(float epsilon) {
    assertRefused(
        GgufEdit.of(host).put("llama.attention.layer_norm_rms_epsilon", epsilon), "epsilon");
  }

  @Test
  void anEmptyMetadataKey() throws IOException {
    byte[] bytes = Files.readAllBytes(host);
    int count = 8 + 8; // magic, version and tensor count come before the number of entries
    byte[] entry = new byte[8 + 4 + 1]; // an empty key and a boolean
    entry[8] = 7;
    byte[] edited = Arrays.copyOf(bytes, bytes.length + entry.length);
    edited[count]++;
    int first = count + 8;
    System.arraycopy(entry, 0, edited, first, entry.length);
    System.arraycopy(bytes, first, edited, first + entry.length, bytes.length - first);
    Path file = Files.write(directory.resolve("edited.gguf"), edited);
    assertThat(forward(file, 5)).startsWith("threw MalformedFile").contains("an empty key");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aMappedFileThatIsTruncatedOrOverwritten(boolean truncated) throws IOException {
    byte[] bytes = Files.readAllBytes(host);
    String name = Files.write(directory.resolve("changing.gguf"), bytes).toString();
    String outcome =
        jvm.outcome(
            () -> {
              Path file = Path.of(name);
              LlamaCppOptions options = LlamaCppOptions.defaults().withMemoryMapped(true);
              try (LlamaCppHost model = LlamaCppHost.open(file, options);
                  HostSession session = model.openSession(1)) {
                Files.write(file, new byte[truncated ? 100 : (int) Files.size(file)]);
                return session.forward(new int[] {5}, Rows.LAST).count();
              }
            });
    assertThat(outcome).startsWith("threw MnemeException").contains("changed");
  }

  @Test
  void aRopeScalingWithoutAName() {
    assertRefused(GgufEdit.of(host).put("llama" + SCALING, "sideways"), "sideways");
    assertRefused(GgufEdit.of(qwen).put("qwen2" + SCALING, ""), SCALING);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 7, 1024})
  void aPartOfAHeadRotatedWhereTheArchitectureRotatesAll(int dimensions) {
    assertRefused(
        GgufEdit.of(qwen).putUint32("qwen2.rope.dimension_count", dimensions), "dimension_count");
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 10, 1024})
  void aPartOfAHeadRotatedThatIsNoPairsOfIt(int dimensions) {
    assertRefused(
        GgufEdit.of(neox).putUint32("gptneox.rope.dimension_count", dimensions), "dimension_count");
  }

  @Test
  void headsOfAnOddLength() {
    GgufEdit edit =
        GgufEdit.of(host)
            .putUint32("llama.attention.key_length", 7)
            .putUint32("llama.attention.value_length", 7)
            .putUint32("llama.rope.dimension_count", 7);
    for (int block = 0; block < TinyModel.LAYERS; block++) {
      String name = "blk." + block + ".attn_";
      edit.dims(name + "q.weight", 32L, 28L)
          .dims(name + "k.weight", 32L, 14L)
          .dims(name + "v.weight", 32L, 14L)
          .dims(name + "output.weight", 28L, 32L);
    }
    assertRefused(edit, "even");
  }

  @Test
  void headsThatDoNotMakeUpTheirMatrix() {
    assertRefused(GgufEdit.of(qwen).putUint32("qwen2.attention.head_count", 8), "attn_q", "64");
    assertRefused(GgufEdit.of(qwen).putUint32("qwen2.attention.head_count_kv", 4), "attn_k", "32");
    Path gpt2 = converted(Family.GPT2);
    assertRefused(GgufEdit.of(gpt2).putUint32("gpt2.attention.head_count_kv", 2), "attn_qkv");
    assertRefused(GgufEdit.of(neox).putUint32("gptneox.attention.head_count_kv", 2), "attn_qkv");
  }

  /** Without it, values are as long as the heads' share of the width. */
  @Test
  void aKeyLengthWithoutAValueLength() {
    Path gpt2 = converted(Family.GPT2);
    assertRefused(GgufEdit.of(gpt2).putUint32("gpt2.attention.key_length", 4), "key_length");
  }

  @Test
  void aSlidingWindowOfNoTokens() {
    assertRefused(GgufEdit.of(gemma).putUint32("gemma3.attention.sliding_window", 0), "window");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0 2", "1000 2", "4 0", "4 9"})
  void expertsThatDoNotAddUp(String countAndUsed) {
    String[] numbers = countAndUsed.split(" ", -1);
    assertRefused(
        GgufEdit.of(host)
            .putUint32("llama.expert_count", Long.parseLong(numbers[0]))
            .putUint32("llama.expert_used_count", Long.parseLong(numbers[1])),
        "expert_");
  }

  @ParameterizedTest
  @EnumSource(names = {"I8", "I16", "I32", "I64", "F64"})
  void weightsOfATypeWithoutArithmetic(GgufType type) {
    assertRefused(GgufEdit.of(host).type("token_embd.weight", type), "token_embd", type.name());
    assertRefused(GgufEdit.of(host).type("blk.1.attn_q.weight", type), "attn_q", type.name());
  }

  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "BF16", "I32"})
  void aNormOfAnotherTypeThanF32(GgufType type) {
    assertRefused(GgufEdit.of(host).type("output_norm.weight", type), "output_norm", type.name());
  }

  @Test
  void anEncoder() {
    assertRefused(GgufEdit.of(host).put("general.architecture", "t5"), "t5", "predict");
    assertRefused(GgufEdit.of(host).put("llama.attention.causal", false), "predict");
  }
}

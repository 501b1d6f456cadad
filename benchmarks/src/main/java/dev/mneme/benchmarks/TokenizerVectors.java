package dev.mneme.benchmarks;

import dev.mneme.MnemeException;
import dev.mneme.Tokenizer;
import dev.mneme.djl.FolderTokenizer;
import dev.mneme.llamacpp.LlamaCppHost;
import dev.mneme.store.WeightType;
import dev.mneme.store.hf.GgufConverter;
import dev.mneme.store.json.JsonValue;
import dev.mneme.store.safetensors.SafeTensorsWriter;
import dev.mneme.store.safetensors.SafeTensorsWriter.Entry;
import java.io.IOException;
import java.lang.Character.UnicodeBlock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Compares both tokenizers, the one of a Hugging Face folder and llama.cpp's of a GGUF file made of
 * it, with each other and with published ids.
 *
 * <p>Arguments: folders with {@code tokenizer.json} and, where there are published ids, a file
 * {@code *.inp} of texts between lines {@code __ggml_vocab_test__} and a file {@code *.out} with
 * the ids of a text on each line, without beginning-of-sequence id and with special text as text. A
 * folder without texts gets those of the first one that has some. Then, for further texts, {@code
 * --texts FILE} (one a line), {@code --random N} (texts of random characters) and {@code
 * --characters} (a text about each assigned character).
 *
 * <p>Exits with 1 on any difference. Two are known and left out: llama.cpp does not compose
 * characters, where a tokenizer asks for that, and does not know the letters and digits that came
 * with Unicode 16, by which byte-level tokenizers cut text.
 */
public final class TokenizerVectors {

  private static final String SEPARATOR = "\n__ggml_vocab_test__\n";
  private static final Set<UnicodeBlock> NEW_SCRIPTS =
      Set.of(
          UnicodeBlock.EGYPTIAN_HIEROGLYPHS_EXTENDED_A,
          UnicodeBlock.GARAY,
          UnicodeBlock.GURUNG_KHEMA,
          UnicodeBlock.KIRAT_RAI,
          UnicodeBlock.MYANMAR_EXTENDED_C,
          UnicodeBlock.OL_ONAL,
          UnicodeBlock.SUNUWAR,
          UnicodeBlock.SYMBOLS_FOR_LEGACY_COMPUTING_SUPPLEMENT,
          UnicodeBlock.TODHRI,
          UnicodeBlock.TULU_TIGALARI);

  /** New letters of old scripts: Cyrillic, Latin, Arabic, Khitan. */
  private static final Set<Integer> NEW_LETTERS =
      Set.of(
          0x1C89, 0x1C8A, 0xA7CB, 0xA7CC, 0xA7CD, 0xA7DA, 0xA7DB, 0xA7DC, 0x10EC2, 0x10EC3, 0x10EC4,
          0x18CFF);

  private static final int HIDDEN = 32;
  private static final int SHOWN = 5;

  /** Texts and their published ids, as many or none. */
  private record Vectors(List<String> texts, List<int[]> ids) {}

  private final Path scratch;
  private final List<String> lines;
  private int differences;

  private TokenizerVectors(Path scratch, List<String> lines) {
    this.scratch = scratch;
    this.lines = lines;
  }

  public static void main(String[] arguments) throws IOException {
    List<Path> folders = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i].equals("--texts")) {
        lines.addAll(Files.readAllLines(Path.of(arguments[++i])));
      } else if (arguments[i].equals("--characters")) {
        lines.addAll(characters());
      } else if (arguments[i].equals("--random")) {
        lines.addAll(randomTexts(Integer.parseInt(arguments[++i])));
      } else {
        folders.add(Path.of(arguments[i]));
      }
    }
    Path scratch = Files.createTempDirectory("tokenizer-vectors");
    var run = new TokenizerVectors(scratch, lines);
    try {
      run.compare(folders);
    } finally {
      try (Stream<Path> files = Files.walk(scratch)) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
    }
    System.exit(run.differences == 0 ? 0 : 1);
  }

  private void compare(List<Path> folders) throws IOException {
    List<String> common = List.of();
    for (Path folder : folders) {
      Optional<Vectors> found = vectors(folder);
      if (found.isPresent()) {
        common = found.get().texts();
        break;
      }
    }
    System.out.println(
        "| tokenizer | published ids: Hugging Face | published ids: llama.cpp | one as the other |"
            + " left out |");
    System.out.println("|---|---|---|---|---|");
    for (Path folder : folders) {
      Vectors vectors = vectors(folder).orElse(new Vectors(common, List.of()));
      try {
        compare(folder, vectors);
      } catch (MnemeException e) {
        differences++;
        System.out.println("| " + folder.getFileName() + " | not opened: " + e.getMessage() + " |");
      }
    }
  }

  private void compare(Path folder, Vectors vectors) throws IOException {
    Path model = write(folder);
    Path gguf = model.resolve("host.gguf");
    GgufConverter.convertHost(model, gguf, WeightType.F16);
    JsonValue json = JsonValue.read(folder.resolve("tokenizer.json"));
    boolean composes =
        json.find("normalizer").map(step -> step.get("type").string().equals("NFC")).orElse(false);
    boolean byteLevel = json.find("pre_tokenizer").isPresent();
    try (FolderTokenizer ours = FolderTokenizer.open(model);
        LlamaCppHost host = LlamaCppHost.open(gguf)) {
      Tokenizer theirs = host.tokenizer();
      List<String> texts = new ArrayList<>(vectors.texts());
      texts.addAll(lines);
      int agreed = 0;
      int leftOut = 0;
      for (String text : texts) {
        boolean composed = composes && !Normalizer.isNormalized(text, Normalizer.Form.NFC);
        if (composed || (byteLevel && text.codePoints().anyMatch(TokenizerVectors::isNew))) {
          leftOut++;
        } else if (agree(ours, theirs, text)) {
          agreed++;
        } else {
          differences++;
          show(folder, text, ours, theirs);
        }
      }
      System.out.printf(
          "| %s | %s | %s | %d of %d | %d |%n",
          folder.getFileName(),
          published(ours, vectors),
          published(theirs, vectors),
          agreed,
          texts.size() - leftOut,
          leftOut);
    }
  }

  private String published(Tokenizer tokenizer, Vectors vectors) {
    if (vectors.ids().isEmpty()) {
      return "none";
    }
    int equal = 0;
    for (int i = 0; i < vectors.texts().size(); i++) {
      int[] ids = tokenizer.encode(vectors.texts().get(i), false, false);
      equal += Arrays.equals(ids, vectors.ids().get(i)) ? 1 : 0;
    }
    differences += vectors.texts().size() - equal;
    return "%d of %d".formatted(equal, vectors.texts().size());
  }

  /** All four ways of asking. */
  private static boolean agree(Tokenizer ours, Tokenizer theirs, String text) {
    for (boolean bos : new boolean[] {false, true}) {
      for (boolean special : new boolean[] {false, true}) {
        if (!Arrays.equals(ours.encode(text, bos, special), theirs.encode(text, bos, special))) {
          return false;
        }
      }
    }
    return true;
  }

  private void show(Path folder, String text, Tokenizer ours, Tokenizer theirs) {
    if (differences <= SHOWN) {
      System.err.printf(
          "%s: \"%s\"%n  Hugging Face %s%n  llama.cpp    %s%n",
          folder.getFileName(),
          text,
          Arrays.toString(ours.encode(text, true, true)),
          Arrays.toString(theirs.encode(text, true, true)));
    }
  }

  private static boolean isNew(int character) {
    return NEW_LETTERS.contains(character)
        || (Character.isLetterOrDigit(character)
            && NEW_SCRIPTS.contains(UnicodeBlock.of(character)));
  }

  private static Optional<Vectors> vectors(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      Optional<Path> inp = files.filter(file -> file.toString().endsWith(".inp")).findFirst();
      if (inp.isEmpty()) {
        return Optional.empty();
      }
      String name = inp.get().getFileName().toString();
      Path out = folder.resolve(name.substring(0, name.length() - ".inp".length()) + ".out");
      List<String> texts = List.of(Files.readString(inp.get()).split(SEPARATOR));
      List<int[]> ids =
          Files.readAllLines(out).stream()
              .map(
                  line ->
                      Stream.of(line.strip().split(" "))
                          .filter(word -> !word.isEmpty())
                          .mapToInt(Integer::parseInt)
                          .toArray())
              .toList();
      if (ids.size() != texts.size()) {
        throw new IllegalArgumentException(
            "%s: %d texts, but %d lines of ids".formatted(folder, texts.size(), ids.size()));
      }
      return Optional.of(new Vectors(texts, ids));
    }
  }

  /** A model of one block of random weights, for the tokenizer's sake. */
  private Path write(Path folder) throws IOException {
    Path model = Files.createDirectories(scratch.resolve(folder.getFileName()));
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      if (Files.exists(folder.resolve(file))) {
        Files.copy(folder.resolve(file), model.resolve(file));
      }
    }
    int vocabulary = vocabulary(JsonValue.read(folder.resolve("tokenizer.json")));
    Files.writeString(
        model.resolve("config.json"),
        """
        {"model_type": "llama", "vocab_size": %d, "hidden_size": %d, "intermediate_size": %d,
         "num_hidden_layers": 1, "num_attention_heads": 1, "num_key_value_heads": 1,
         "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
         "hidden_act": "silu", "tie_word_embeddings": true}
        """
            .formatted(vocabulary, HIDDEN, HIDDEN));
    List<Entry> entries = new ArrayList<>();
    entries.add(random("model.embed_tokens.weight", vocabulary, HIDDEN));
    entries.add(random("model.norm.weight", HIDDEN));
    String block = "model.layers.0.";
    entries.add(random(block + "input_layernorm.weight", HIDDEN));
    entries.add(random(block + "post_attention_layernorm.weight", HIDDEN));
    for (String matrix :
        List.of(
            "self_attn.q_proj",
            "self_attn.k_proj",
            "self_attn.v_proj",
            "self_attn.o_proj",
            "mlp.gate_proj",
            "mlp.up_proj",
            "mlp.down_proj")) {
      entries.add(random(block + matrix + ".weight", HIDDEN, HIDDEN));
    }
    SafeTensorsWriter.write(model.resolve("model.safetensors"), Map.of(), entries);
    return model;
  }

  /** Each assigned character, private ones left out, beside letters, digits and blanks. */
  private static List<String> characters() {
    return IntStream.rangeClosed(1, Character.MAX_CODE_POINT)
        .filter(Character::isDefined)
        .filter(c -> Character.getType(c) != Character.PRIVATE_USE)
        .filter(c -> Character.getType(c) != Character.SURROGATE)
        .mapToObj(Character::toString)
        .map(c -> "a%s's 1%s1 %s".formatted(c, c, c))
        .toList();
  }

  /** Short texts of blanks, letters, special tokens and any character of Unicode at all. */
  private static List<String> randomTexts(int count) {
    List<String> pieces =
        List.of(
            " ", "  ", "\n", "\t", "'s", "'LL", "the", " In", "9", "10", ".", "</s>", "<|im_end|>");
    var random = new Random(7);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      var text = new StringBuilder();
      for (int n = random.nextInt(12); n >= 0; n--) {
        text.append(
            random.nextBoolean()
                ? pieces.get(random.nextInt(pieces.size()))
                : Character.toString(
                    random.nextInt(random.nextBoolean() ? 0x3100 : Character.MAX_CODE_POINT)));
      }
      texts.add(text.toString());
    }
    return texts;
  }

  private static Entry random(String name, int... shape) {
    int count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    var random = new Random(1);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Entry.of(name, Arrays.stream(shape).asLongStream().boxed().toList(), values);
  }

  private static int vocabulary(JsonValue tokenizer) {
    long last =
        tokenizer.get("model").get("vocab").members().values().stream()
            .mapToLong(id -> id.integer(0, Integer.MAX_VALUE - 1))
            .max()
            .orElse(0);
    for (JsonValue added : tokenizer.get("added_tokens").elements()) {
      last = Math.max(last, added.get("id").integer(0, Integer.MAX_VALUE - 1));
    }
    return Math.toIntExact(last + 1);
  }
}

package dev.mneme.store.gguf;

import com.google.common.collect.ImmutableSet;
import dev.mneme.MalformedFileException;
import dev.mneme.Vocabulary;
import dev.mneme.Vocabulary.Kind;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** Reads a {@link Vocabulary} from the tokenizer keys of a GGUF file. */
public final class GgufVocabulary {

  /** Names by which models end a turn or a text, whatever their metadata says. */
  private static final Set<String> END_NAMES =
      ImmutableSet.of(
          "</s>",
          "<|im_end|>",
          "<|eot_id|>",
          "<|end|>",
          "<|endoftext|>",
          "<|end_of_text|>",
          "<end_of_turn>");

  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int UNUSED = 5;
  private static final int BYTE = 6;

  private GgufVocabulary() {}

  /**
   * The file's vocabulary.
   *
   * @throws MalformedFileException if it has none, or one this reader does not know
   */
  public static Vocabulary read(GgufFile file) {
    String model = file.string("tokenizer.ggml.model").orElse("none");
    List<String> tokens = file.strings("tokenizer.ggml.tokens");
    if (tokens.isEmpty()) {
      throw new MalformedFileException(
          file.path()
              + " holds no vocabulary (tokenizer.ggml.tokens); convert the model with its"
              + " tokenizer");
    }
    List<Long> types = file.integers("tokenizer.ggml.token_type");
    if (!types.isEmpty() && types.size() != tokens.size()) {
      throw new MalformedFileException(
          "%s: tokenizer.ggml.token_type has %d entries for %d tokens"
              .formatted(file.path(), types.size(), tokens.size()));
    }
    var alphabet = new ByteLevelAlphabet();
    Vocabulary.Builder builder = Vocabulary.builder();
    for (int id = 0; id < tokens.size(); id++) {
      int type = types.isEmpty() ? 1 : types.get(id).intValue();
      String token = tokens.get(id);
      switch (model) {
        case "llama" -> addSentencePiece(builder, file, id, token, type);
        case "gpt2" -> addByteLevel(builder, token, type, alphabet);
        default ->
            throw new MalformedFileException(
                "%s: the tokenizer model %s is not supported; llama and gpt2 are"
                    .formatted(file.path(), model));
      }
      if (type == CONTROL && END_NAMES.contains(token)) {
        builder.end(id);
      }
    }
    specialId(file, "bos", tokens.size()).ifPresent(id -> builder.bos((int) id));
    for (String end : List.of("eos", "eot", "eom")) {
      specialId(file, end, tokens.size()).ifPresent(id -> builder.end((int) id));
    }
    return builder.build();
  }

  private static void addSentencePiece(
      Vocabulary.Builder builder, GgufFile file, int id, String token, int type) {
    if (type == BYTE) {
      if (!token.matches("<0x[0-9A-F]{2}>")) {
        throw new MalformedFileException(
            "%s: the byte token %d should look like <0x0A>, but is %s"
                .formatted(file.path(), id, token));
      }
      builder.add(new byte[] {(byte) Integer.parseInt(token.substring(3, 5), 16)}, Kind.TEXT);
    } else {
      builder.add(kind(type) == Kind.TEXT ? token.replace('\u2581', ' ') : token, kind(type));
    }
  }

  private static void addByteLevel(
      Vocabulary.Builder builder, String token, int type, ByteLevelAlphabet alphabet) {
    if (type == 1) {
      builder.add(alphabet.toBytes(token), Kind.TEXT);
    } else {
      builder.add(token, kind(type)); // user-defined and control tokens are written as they are
    }
  }

  private static Kind kind(int type) {
    return switch (type) {
      case CONTROL, UNKNOWN -> Kind.CONTROL;
      case UNUSED -> Kind.UNUSED;
      default -> Kind.TEXT;
    };
  }

  private static OptionalLong specialId(GgufFile file, String role, int size) {
    OptionalLong id = file.integer("tokenizer.ggml." + role + "_token_id");
    if (id.isPresent() && (id.getAsLong() < 0 || id.getAsLong() >= size)) {
      throw new MalformedFileException(
          "%s: tokenizer.ggml.%s_token_id is %d, outside the vocabulary of %d"
              .formatted(file.path(), role, id.getAsLong(), size));
    }
    return id;
  }
}

package dev.mneme.store;

import com.google.common.base.Preconditions;
import dev.mneme.FailureText;
import dev.mneme.HostIdentity;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufKind;
import dev.mneme.store.gguf.GgufTensor;
import dev.mneme.store.hf.HuggingFaceModel;
import dev.mneme.store.safetensors.Dtype;
import dev.mneme.store.safetensors.FloatReader;
import dev.mneme.store.safetensors.TensorInfo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Tells which host a file or folder holds, by the rule of {@link HostIdentity}. Reads the norms
 * alone, a few thousand numbers a block.
 */
public final class HostNorms {

  /** In the order in which they count. */
  private static final List<String> OF_BLOCK =
      List.of("attn_norm.weight", "attn_norm.bias", "ffn_norm.weight", "ffn_norm.bias");

  private static final List<String> OF_OUTPUT = List.of("output_norm.weight", "output_norm.bias");

  private static final Pattern BLOCK = Pattern.compile("blk\\.\\d+\\.(.+)");

  private static final int CHUNK = 4096;

  private final MessageDigest digest = PackFiles.sha256();
  private final float[] floats = new float[CHUNK];
  private final ByteBuffer bytes =
      ByteBuffer.allocate(CHUNK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);

  private HostNorms() {}

  /**
   * The host in a GGUF file of any family.
   *
   * @throws MalformedFileException if a block lacks a norm that others have, or a key is missing
   * @throws MnemeException if the file has no norms at all, or stores them as something else than
   *     F32, F16 or BF16, or cannot be read
   */
  public static HostIdentity ofGguf(GgufFile file) {
    GgufKind.requireLanguageModel(file);
    String architecture =
        file.string("general.architecture")
            .orElseThrow(() -> missing(file, "metadata key \"general.architecture\""));
    int blocks = count(file, architecture + ".block_count");
    var norms = new HostNorms();
    try (Arena arena = Arena.ofConfined()) {
      for (GgufTensor norm : norms(file, blocks)) {
        Dtype dtype = dtype(file, norm);
        try (FileChannel channel = FileChannel.open(norm.file())) {
          MemorySegment data = channel.map(MapMode.READ_ONLY, norm.offset(), norm.bytes(), arena);
          norms.add(dtype, data, norm.bytes() * Byte.SIZE / dtype.bits(), 0);
        }
      }
    } catch (IOException e) {
      throw new MnemeException(
          "cannot read the norms of %s: %s".formatted(file.path(), FailureText.of(e)), e);
    }
    int width = count(file, architecture + ".embedding_length");
    return new HostIdentity(architecture, width, blocks, norms.sha256());
  }

  /**
   * The host in a Hugging Face folder, with its family in GGUF's words.
   *
   * @throws MalformedFileException if a tensor is missing or a file breaks its format
   * @throws MnemeException if a file is missing, or the model is of an unsupported family
   */
  public static HostIdentity ofHuggingFace(Path directory) {
    try (HuggingFaceModel model = HuggingFaceModel.open(directory)) {
      var norms = new HostNorms();
      float offset = model.config().shape().blocks().norm().kind().offset();
      for (String name : model.norms()) {
        TensorInfo info = model.tensors().tensors().get(name);
        Preconditions.checkState(info != null, "%s passed the check", name);
        norms.add(info.dtype(), model.tensors().data(name), info.elements(), offset);
      }
      return new HostIdentity(
          model.config().architecture().gguf(),
          model.config().hidden(),
          model.config().layers(),
          norms.sha256());
    }
  }

  /** The norms that this file's family has, each in all blocks. */
  private static List<GgufTensor> norms(GgufFile file, int blocks) {
    Set<String> inBlocks =
        file.tensors().keySet().stream()
            .map(BLOCK::matcher)
            .filter(matcher -> matcher.matches())
            .map(matcher -> matcher.group(1))
            .collect(Collectors.toSet());
    List<String> ofBlock = OF_BLOCK.stream().filter(inBlocks::contains).toList();
    var norms = new ArrayList<GgufTensor>();
    for (int block = 0; block < blocks && !ofBlock.isEmpty(); block++) {
      for (String name : ofBlock) {
        String full = "blk." + block + "." + name;
        GgufTensor norm = file.tensors().get(full);
        if (norm == null) {
          throw missing(file, "tensor \"%s\", which other blocks have,".formatted(full));
        }
        norms.add(norm);
      }
    }
    for (String name : OF_OUTPUT) {
      GgufTensor norm = file.tensors().get(name);
      if (norm != null) {
        norms.add(norm);
      }
    }
    if (norms.isEmpty()) {
      throw new MnemeException(
          "%s has no norms (blk.N.attn_norm, blk.N.ffn_norm, output_norm), by which hosts are told apart; a memory that reads activations cannot be used with it"
              .formatted(file.path()));
    }
    return norms;
  }

  private static Dtype dtype(GgufFile file, GgufTensor norm) {
    return switch (norm.type()) {
      case F32 -> Dtype.F32;
      case F16 -> Dtype.F16;
      case BF16 -> Dtype.BF16;
      default ->
          throw new MnemeException(
              "%s: tensor \"%s\" is stored as %s, expected F32, F16 or BF16 as for every norm; convert the host again"
                  .formatted(file.path(), norm.name(), norm.type()));
    };
  }

  private static int count(GgufFile file, String key) {
    long value = file.integer(key).orElseThrow(() -> missing(file, "metadata key \"" + key + "\""));
    if (value < 1 || value > Integer.MAX_VALUE) {
      throw new MalformedFileException(
          "%s: metadata key \"%s\" is %d, expected a positive 32-bit number"
              .formatted(file.path(), key, value));
    }
    return (int) value;
  }

  private static MalformedFileException missing(GgufFile file, String what) {
    return new MalformedFileException(
        "%s: %s is missing, so which host this is cannot be told; get the file again"
            .formatted(file.path(), what));
  }

  private void add(Dtype dtype, MemorySegment data, long count, float offset) {
    for (long first = 0; first < count; first += CHUNK) {
      int length = (int) Math.min(CHUNK, count - first);
      FloatReader.read(dtype, data, first, floats, length);
      for (int i = 0; i < length && offset != 0; i++) {
        floats[i] += offset;
      }
      bytes.clear();
      bytes.asFloatBuffer().put(floats, 0, length);
      digest.update(bytes.limit(length * Float.BYTES));
    }
  }

  private String sha256() {
    return "sha256:" + HexFormat.of().formatHex(digest.digest());
  }
}

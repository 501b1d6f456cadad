package dev.mneme;

import com.google.common.base.Ascii;
import com.google.common.base.Preconditions;
import com.google.common.hash.HashCode;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The map from token id to the bytes it stands for, with the special ids. Immutable.
 *
 * <p>A memory fits a host when their vocabularies agree entry by entry, whatever the files they
 * came from; only unused entries at the end may differ, because model makers pad (Qwen2 hosts have
 * 151,936 or 152,064 rows for one tokenizer).
 */
public final class Vocabulary {

  /** What an id is for. */
  public enum Kind {
    /** Ordinary text: its bytes appear in the output. */
    TEXT,
    /** A mark such as {@code <s>}: spells nothing. */
    CONTROL,
    /** Padding or reserved: no text ever becomes this id. */
    UNUSED
  }

  /**
   * The rules by which a tokenizer joins entries, in their order; what ids mean does not depend on
   * them, but which ids a text becomes does.
   *
   * @param count how many there are
   * @param sha256 64 lower-case hex digits: of each rule as {@code left right} in UTF-8, ended by a
   *     line feed
   */
  public record Merges(int count, String sha256) {

    /** Takes the digest of rules, each written as {@code left right}. */
    public static Merges of(List<String> rules) {
      Hasher hasher = Hashing.sha256().newHasher();
      for (String rule : rules) {
        hasher.putString(rule, StandardCharsets.UTF_8).putByte((byte) '\n');
      }
      return new Merges(rules.size(), hasher.hash().toString());
    }
  }

  private static final int DIFFERENCES_SHOWN = 8;

  /** Characters of an entry in a description. */
  private static final int LONGEST_SHOWN = 80;

  private final byte[][] bytes;
  private final Kind[] kinds;
  private final int bos;
  private final SortedSet<Integer> endIds;
  private final HashCode used;
  private final @Nullable Merges merges;

  private Vocabulary(Builder builder) {
    this.bytes = builder.bytes.toArray(byte[][]::new);
    this.kinds = builder.kinds.toArray(Kind[]::new);
    this.bos = builder.bos;
    this.endIds = builder.endIds;
    this.merges = builder.merges;
    checkId("beginning-of-sequence", bos);
    endIds.forEach(id -> checkId("end-of-generation", id));
    used = digestOfUsed();
  }

  /** Over the entries that are in use, so that large vocabularies are compared at a glance. */
  private HashCode digestOfUsed() {
    int length = 0;
    for (byte[] entry : bytes) {
      length += 2 * Integer.BYTES + 1 + entry.length;
    }
    ByteBuffer content = ByteBuffer.allocate(length);
    for (int id = 0; id < bytes.length; id++) {
      if (kinds[id] != Kind.UNUSED) {
        boolean text = kinds[id] == Kind.TEXT;
        content.putInt(id).put((byte) (text ? 1 : 0)).putInt(bytes[id].length).put(bytes[id]);
      }
    }
    return Hashing.sha256().hashBytes(content.array(), 0, content.position());
  }

  private void checkId(String role, int id) {
    Preconditions.checkArgument(
        id < size(), "the %s id %s is outside the vocabulary of %s", role, id, size());
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Number of ids, padding included. */
  public int size() {
    return bytes.length;
  }

  /**
   * The bytes an id stands for, for a control token those of its name; a copy.
   *
   * @throws IllegalArgumentException for an id outside {@code [0, size())}
   */
  public byte[] bytes(int id) {
    return bytes[requireId(id)].clone();
  }

  /**
   * What an id is for.
   *
   * @throws IllegalArgumentException for an id outside {@code [0, size())}
   */
  public Kind kind(int id) {
    return kinds[requireId(id)];
  }

  private int requireId(int id) {
    if (id < 0 || id >= bytes.length) {
      throw new IllegalArgumentException(
          "token id %d is outside [0, %d) of this vocabulary".formatted(id, bytes.length));
    }
    return id;
  }

  /** The id that begins a sequence, if the model has one. */
  public OptionalInt bos() {
    return bos < 0 ? OptionalInt.empty() : OptionalInt.of(bos);
  }

  /** Ids that end a generation ({@code </s>}, {@code <|im_end|>}, ...), ascending. */
  public SortedSet<Integer> endIds() {
    return endIds;
  }

  /** How texts become ids, where the model's files say so by merges. */
  public Optional<Merges> merges() {
    return Optional.ofNullable(merges);
  }

  /**
   * The bytes a sequence spells; control and unused ids spell nothing.
   *
   * @throws IllegalArgumentException for an id outside {@code [0, size())}
   */
  public byte[] spell(int... ids) {
    var out = new ByteArrayOutputStream();
    for (int id : ids) {
      if (kinds[requireId(id)] == Kind.TEXT) {
        out.writeBytes(bytes[id]);
      }
    }
    return out.toByteArray();
  }

  /**
   * How an id looks to a person: its text, or its bytes in hex where they are no text.
   *
   * @throws IllegalArgumentException for an id outside {@code [0, size())}
   */
  public String describe(int id) {
    requireId(id);
    String text = new String(bytes[id], StandardCharsets.UTF_8);
    String shown =
        text.indexOf('\uFFFD') < 0
            ? "\"" + PrintableText.of(text, LONGEST_SHOWN) + "\""
            : "0x" + hex(bytes[id]);
    return kinds[id] == Kind.TEXT
        ? shown
        : shown + " (" + Ascii.toLowerCase(kinds[id].name()) + ")";
  }

  private static String hex(byte[] bytes) {
    int most = LONGEST_SHOWN / 2;
    return bytes.length <= most
        ? HexFormat.of().formatHex(bytes)
        : HexFormat.of().formatHex(bytes, 0, most) + "... (%d bytes)".formatted(bytes.length);
  }

  /**
   * Every way in which another vocabulary differs from this one, in words, or an empty list when
   * ids mean the same in both. Entries past the end of the shorter one count only where they are
   * used, and merges only where both are known. A long list of differing entries is cut after the
   * first few, with the total.
   */
  public List<String> differencesFrom(Vocabulary other) {
    var report = new ArrayList<String>();
    int differing = 0;
    int most = used.equals(other.used) ? 0 : Math.max(size(), other.size());
    for (int id = 0; id < most; id++) {
      if (!sameEntry(other, id) && differing++ < DIFFERENCES_SHOWN) {
        report.add("id %d is %s here and %s there".formatted(id, describeAny(id), other.describeAny(id)));
      }
    }
    if (differing > DIFFERENCES_SHOWN) {
      report.add("... %d differing ids in all".formatted(differing));
    }
    if (bos >= 0 && other.bos >= 0 && bos != other.bos) {
      report.add("sequences begin with id %d here and %d there".formatted(bos, other.bos));
    }
    if (merges != null && other.merges != null && !merges.equals(other.merges)) {
      report.add(
          "texts become other ids, by %d merges here and %d others there"
              .formatted(merges.count(), other.merges.count()));
    }
    return report;
  }

  private String describeAny(int id) {
    return id < size() ? describe(id) : "(none)";
  }

  private boolean sameEntry(Vocabulary other, int id) {
    boolean unusedHere = id >= size() || kinds[id] == Kind.UNUSED;
    boolean unusedThere = id >= other.size() || other.kinds[id] == Kind.UNUSED;
    if (unusedHere || unusedThere) {
      return unusedHere && unusedThere;
    }
    return kinds[id] == other.kinds[id] && Arrays.equals(bytes[id], other.bytes[id]);
  }

  /** Collects entries in id order. */
  public static final class Builder {
    private final List<byte[]> bytes = new ArrayList<>();
    private final List<Kind> kinds = new ArrayList<>();
    private final SortedSet<Integer> endIds = new TreeSet<>();
    private int bos = -1;
    private @Nullable Merges merges;

    private Builder() {}

    /** The next id stands for these bytes. */
    public Builder add(byte[] entry, Kind kind) {
      bytes.add(entry.clone());
      kinds.add(kind);
      return this;
    }

    /** The next id stands for this text in UTF-8. */
    public Builder add(String entry, Kind kind) {
      return add(entry.getBytes(StandardCharsets.UTF_8), kind);
    }

    public Builder bos(int id) {
      Preconditions.checkArgument(id >= 0, "a negative beginning-of-sequence id: %s", id);
      bos = id;
      return this;
    }

    public Builder end(int id) {
      Preconditions.checkArgument(id >= 0, "a negative end-of-generation id: %s", id);
      endIds.add(id);
      return this;
    }

    public Builder merges(Merges value) {
      merges = value;
      return this;
    }

    /**
     * The finished vocabulary.
     *
     * @throws IllegalArgumentException if a special id lies outside the entries
     */
    public Vocabulary build() {
      return new Vocabulary(this);
    }
  }
}

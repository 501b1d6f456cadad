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
 * <p>A memory fits a host when every id that both name means the same, whatever files they came
 * from. A vocabulary does not name ids past its end, {@link Kind#UNUSED} ones, and those whose name
 * says that they are padding, unused or reserved ({@code [PAD151646]}, {@code <unused7>}, {@code
 * <|reserved_special_token_3|>}) unless the model begins or ends texts with them. Only marks and
 * added entries may be named by one side alone: ordinary text that one side lacks would be cut
 * otherwise, so that is a difference.
 */
public final class Vocabulary {

  /** What an id is for. */
  public enum Kind {
    /** Ordinary text: its bytes appear in the output. */
    TEXT,
    /**
     * Text that was added to a finished vocabulary as a whole ({@code <tool_call>}) and is found
     * before anything is merged: its bytes appear in the output.
     */
    ADDED,
    /** A mark such as {@code <s>}: spells nothing. */
    CONTROL,
    /** Padding or reserved: no text ever becomes this id. */
    UNUSED;

    /** Whether the bytes of such an entry appear in the output. */
    public boolean spells() {
      return this == TEXT || this == ADDED;
    }
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
  private final boolean beginsWithBos;
  private final SortedSet<Integer> endIds;
  private final HashCode used;
  private final @Nullable Merges merges;

  private Vocabulary(Builder builder) {
    this.bytes = builder.bytes.toArray(byte[][]::new);
    this.kinds = builder.kinds.toArray(Kind[]::new);
    this.bos = builder.bos;
    this.beginsWithBos = builder.beginsWithBos;
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
        boolean text = kinds[id].spells();
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

  /** Whether texts begin with {@link #bos}, where the model's files say so; true if unknown. */
  public boolean beginsWithBos() {
    return bos >= 0 && beginsWithBos;
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
      if (kinds[requireId(id)].spells()) {
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
    return kinds[id].spells() ? shown : shown + " (" + Ascii.toLowerCase(kinds[id].name()) + ")";
  }

  private static String hex(byte[] bytes) {
    int most = LONGEST_SHOWN / 2;
    return bytes.length <= most
        ? HexFormat.of().formatHex(bytes)
        : HexFormat.of().formatHex(bytes, 0, most) + "... (%d bytes)".formatted(bytes.length);
  }

  /**
   * Every way in which another vocabulary contradicts this one, in words, or an empty list when
   * every id that both name means the same. Merges are compared where both are known, and the ids
   * that begin a sequence where either model begins texts with them. A long list of differing
   * entries is cut after the first few, with the total.
   */
  public List<String> differencesFrom(Vocabulary other) {
    var report = new ArrayList<String>();
    int differing = 0;
    int most = used.equals(other.used) ? 0 : Math.max(size(), other.size());
    for (int id = 0; id < most; id++) {
      if (relation(other, id) == Relation.DIFFERENT && differing++ < DIFFERENCES_SHOWN) {
        report.add(
            "id %d is %s here and %s there".formatted(id, describeAny(id), other.describeAny(id)));
      }
    }
    if (differing > DIFFERENCES_SHOWN) {
      report.add("... %d differing ids in all".formatted(differing));
    }
    boolean begins = beginsWithBos || other.beginsWithBos;
    if (begins && bos >= 0 && other.bos >= 0 && bos != other.bos) {
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

  /** The ids that only one of a host, which has this vocabulary, and a memory names. */
  public UnsharedIds unsharedWith(Vocabulary memory) {
    if (used.equals(memory.used)) {
      return UnsharedIds.NONE;
    }
    var hostOnly = new ArrayList<UnsharedIds.Entry>();
    var memoryOnly = new ArrayList<UnsharedIds.Entry>();
    for (int id = 0; id < Math.max(size(), memory.size()); id++) {
      switch (relation(memory, id)) {
        case ONLY_HERE -> hostOnly.add(new UnsharedIds.Entry(id, describe(id)));
        case ONLY_THERE -> memoryOnly.add(new UnsharedIds.Entry(id, memory.describe(id)));
        case SAME, DIFFERENT -> {}
      }
    }
    return new UnsharedIds(hostOnly, memoryOnly);
  }

  /** How one id stands in two vocabularies. */
  private enum Relation {
    SAME,
    DIFFERENT,
    ONLY_HERE,
    ONLY_THERE
  }

  private Relation relation(Vocabulary other, int id) {
    if (isSame(other, id)) {
      return Relation.SAME;
    }
    boolean here = names(id);
    boolean there = other.names(id);
    if (here && there) {
      return Relation.DIFFERENT;
    }
    if (here) {
      return kinds[id] == Kind.TEXT ? Relation.DIFFERENT : Relation.ONLY_HERE;
    }
    if (there) {
      return other.kinds[id] == Kind.TEXT ? Relation.DIFFERENT : Relation.ONLY_THERE;
    }
    return Relation.SAME;
  }

  /** An added entry may be called special by one file and not by the other. */
  private boolean isSame(Vocabulary other, int id) {
    if (id >= size() || id >= other.size() || !Arrays.equals(bytes[id], other.bytes[id])) {
      return false;
    }
    Kind here = kinds[id];
    Kind there = other.kinds[id];
    return here == there
        || (here != Kind.UNUSED && there != Kind.UNUSED && here.spells() == there.spells())
        || (here == Kind.ADDED && there == Kind.CONTROL)
        || (here == Kind.CONTROL && there == Kind.ADDED);
  }

  /** Whether an id is more than a free place. */
  private boolean names(int id) {
    if (id >= size() || kinds[id] == Kind.UNUSED) {
      return false;
    }
    if (id == bos || endIds.contains(id)) {
      return true;
    }
    String name = new String(bytes[id], StandardCharsets.UTF_8);
    return !(kinds[id] == Kind.TEXT
        ? PlaceholderNames.isOrdinary(name)
        : PlaceholderNames.isMark(name));
  }

  /** Collects entries in id order. */
  public static final class Builder {
    private final List<byte[]> bytes = new ArrayList<>();
    private final List<Kind> kinds = new ArrayList<>();
    private final SortedSet<Integer> endIds = new TreeSet<>();
    private int bos = -1;
    private boolean beginsWithBos = true;
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

    /** Whether texts begin with the beginning-of-sequence id; true if not called. */
    public Builder beginsWithBos(boolean value) {
      beginsWithBos = value;
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

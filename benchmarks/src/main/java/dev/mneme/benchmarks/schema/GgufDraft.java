package dev.mneme.benchmarks.schema;

import dev.mneme.store.gguf.GgufFile;
import dev.mneme.store.gguf.GgufTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A GGUF file in memory that may be changed into anything: keys and tensors may occur twice, types
 * may be unknown, dimensions need not fit the data. Only the framing is always right: lengths,
 * counts and offsets. For one thread.
 */
final class GgufDraft {

  private static final int VERSION = 3;
  private static final int DEFAULT_ALIGNMENT = 32;

  /** A metadata entry. */
  record Entry(String key, RawValue value) {}

  /** A tensor: its type by number, its data as it is stored. */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
  record Tensor(String name, List<Long> dims, int type, byte[] data) {
    Tensor withName(String other) {
      return new Tensor(other, dims, type, data);
    }

    Tensor withDims(List<Long> others) {
      return new Tensor(name, others, type, data);
    }

    Tensor withType(int other) {
      return new Tensor(name, dims, other, data);
    }
  }

  private final List<Entry> entries = new ArrayList<>();
  private final List<Tensor> tensors = new ArrayList<>();
  private int alignment = DEFAULT_ALIGNMENT;

  /** A draft without keys and tensors. */
  GgufDraft() {}

  /** The draft of a valid file. */
  static GgufDraft of(Path path) throws IOException {
    GgufFile file = GgufFile.read(path);
    byte[] bytes = Files.readAllBytes(path);
    var draft = new GgufDraft();
    file.metadata().forEach((key, value) -> draft.entries.add(new Entry(key, RawValue.of(value))));
    for (GgufTensor tensor : file.tensors().values()) {
      int from = Math.toIntExact(tensor.offset());
      draft.tensors.add(
          new Tensor(
              tensor.name(),
              tensor.dims(),
              tensor.type().id(),
              Arrays.copyOfRange(bytes, from, from + Math.toIntExact(tensor.bytes()))));
    }
    return draft;
  }

  GgufDraft copy() {
    var copy = new GgufDraft();
    copy.entries.addAll(entries);
    copy.tensors.addAll(tensors);
    copy.alignment = alignment;
    return copy;
  }

  List<Entry> entries() {
    return entries;
  }

  List<Tensor> tensors() {
    return tensors;
  }

  /** Where the data of tensors is aligned, whatever the key says. */
  void align(int bytes) {
    alignment = bytes;
  }

  Optional<RawValue> value(String key) {
    return entries.stream().filter(entry -> entry.key.equals(key)).map(Entry::value).findFirst();
  }

  /** The text of a key that is a string. */
  String text(String key) {
    return value(key).orElseThrow().text();
  }

  /** Replaces the value of a key, or adds the key at the end. */
  void put(String key, RawValue value) {
    for (int i = 0; i < entries.size(); i++) {
      if (entries.get(i).key.equals(key)) {
        entries.set(i, new Entry(key, value));
        return;
      }
    }
    entries.add(new Entry(key, value));
  }

  void remove(String key) {
    entries.removeIf(entry -> entry.key.equals(key));
  }

  /** Replaces the first tensor of this name; does nothing if there is none any more. */
  void replace(String name, Tensor other) {
    for (int i = 0; i < tensors.size(); i++) {
      if (tensors.get(i).name.equals(name)) {
        tensors.set(i, other);
        return;
      }
    }
  }

  /** The file's bytes. */
  byte[] toBytes() {
    var head = new LittleEndian();
    head.ascii("GGUF").int32(VERSION).int64(tensors.size()).int64(entries.size());
    for (Entry entry : entries) {
      head.string(entry.key).int32(entry.value.type()).bytes(entry.value.encoded());
    }
    var data = new ByteArrayOutputStream();
    for (Tensor tensor : tensors) {
      head.string(tensor.name).int32(tensor.dims.size());
      tensor.dims.forEach(head::int64);
      head.int32(tensor.type).int64(data.size());
      data.writeBytes(tensor.data);
      data.writeBytes(new byte[padding(data.size())]);
    }
    head.bytes(new byte[padding(head.size())]);
    return head.bytes(data.toByteArray()).toByteArray();
  }

  private int padding(int size) {
    return (alignment - size % alignment) % alignment;
  }
}

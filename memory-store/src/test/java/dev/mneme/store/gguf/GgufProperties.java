package dev.mneme.store.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

class GgufProperties {
  private Path directory = Path.of("");

  @BeforeProperty
  void createDirectory() throws IOException {
    directory = Files.createTempDirectory("gguf-properties");
  }

  @AfterProperty
  void deleteDirectory() throws IOException {
    try (var files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }

  record Shape(GgufType type, List<Long> dims) {}

  @Property(tries = 300)
  void whatIsWrittenIsRead(
      @ForAll("metadata") Map<String, GgufValue> metadata,
      @ForAll("shapes") Map<String, Shape> shapes,
      @ForAll long seed)
      throws IOException {
    Path path = directory.resolve("round-trip.gguf");
    var writer = new GgufWriter();
    metadata.forEach(writer::put);
    shapes.forEach(
        (name, shape) ->
            writer.addTensor(
                name,
                shape.type(),
                shape.dims(),
                out -> out.write(ByteBuffer.wrap(data(name, shape, seed)))));
    writer.write(path);

    GgufFile read = GgufFile.read(path);
    byte[] bytes = Files.readAllBytes(path);
    assertThat(read.metadata()).containsExactlyEntriesOf(metadata);
    assertThat(read.tensors().keySet()).containsExactlyElementsOf(shapes.keySet());
    for (GgufTensor tensor : read.tensors().values()) {
      var shape = new Shape(tensor.type(), tensor.dims());
      assertThat(shape).isEqualTo(shapes.get(tensor.name()));
      assertThat(ByteBuffer.wrap(bytes, (int) tensor.offset(), (int) tensor.bytes()))
          .isEqualTo(ByteBuffer.wrap(data(tensor.name(), shape, seed)));
    }
  }

  private static byte[] data(String name, Shape shape, long seed) {
    byte[] bytes = new byte[(int) shape.type().tensorBytes(shape.dims())];
    new Random(seed ^ name.hashCode()).nextBytes(bytes);
    return bytes;
  }

  @Provide
  Arbitrary<Map<String, GgufValue>> metadata() {
    return Arbitraries.maps(names().map(name -> "test." + name), values()).ofMaxSize(8);
  }

  @Provide
  Arbitrary<Map<String, Shape>> shapes() {
    Arbitrary<GgufType> types =
        Arbitraries.of(GgufType.F32, GgufType.F16, GgufType.BF16, GgufType.Q8_0, GgufType.Q4_K);
    Arbitrary<List<Long>> dims = Arbitraries.longs().between(1, 3).list().ofMinSize(1).ofMaxSize(4);
    Arbitrary<Shape> shapes =
        Combinators.combine(types, dims)
            .as(
                (type, counts) -> {
                  var lengths = new ArrayList<>(counts);
                  lengths.set(0, counts.getFirst() * type.blockLength());
                  return new Shape(type, List.copyOf(lengths));
                });
    return Arbitraries.maps(names(), shapes).ofMaxSize(4);
  }

  private static Arbitrary<String> names() {
    return Arbitraries.strings().withChars("abz._0é語").ofMinLength(1).ofMaxLength(20);
  }

  private static Arbitrary<GgufValue> values() {
    Arbitrary<byte[]> bytes = Arbitraries.bytes().array(byte[].class).ofMaxSize(40);
    return Arbitraries.oneOf(
        Arbitraries.longs()
            .between(0, (1L << 32) - 1)
            .map(value -> new GgufValue.Int(GgufValue.Type.UINT32, value)),
        Arbitraries.shorts().map(value -> new GgufValue.Int(GgufValue.Type.INT16, value)),
        Arbitraries.bytes().map(value -> new GgufValue.Int(GgufValue.Type.UINT8, value & 0xFF)),
        Arbitraries.longs().map(value -> new GgufValue.Int(GgufValue.Type.UINT64, value)),
        Arbitraries.floats().map(value -> new GgufValue.Real(GgufValue.Type.FLOAT32, value)),
        Arbitraries.doubles().map(value -> new GgufValue.Real(GgufValue.Type.FLOAT64, value)),
        Arbitraries.of(true, false).map(GgufValue.Bool::new),
        bytes.map(GgufValue.Text::new),
        bytes.array(byte[][].class).ofMaxSize(5).map(GgufValue.Texts::of),
        bytes.map(items -> new GgufValue.Numbers(GgufValue.Type.INT8, items)));
  }
}

package dev.mneme.store.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.mneme.MalformedFileException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The JSON header of a SafeTensors file, parsed and validated: 8 bytes of length, the header, then
 * data without overlap, hole or remainder.
 *
 * <p>Stricter than the reference where it is lax: duplicate names are refused, and so is an unknown
 * field of a tensor, because a reader that ignores what it does not know shows an auditor something
 * else than what it loads. Blanks before the opening brace are accepted on reading, as the
 * reference does now, and never written.
 */
record SafeTensorsHeader(
    Map<String, String> metadata, Map<String, TensorInfo> tensors, long dataStart) {

  private static final int MAX_HEADER_BYTES = 16 << 20;
  private static final int MAX_TENSORS = 100_000;
  private static final int MAX_NAME_LENGTH = 1024;
  private static final int MAX_RANK = 32;
  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(8)
                  .maxNameLength(MAX_NAME_LENGTH)
                  .maxNumberLength(24)
                  .build())
          .build();

  static SafeTensorsHeader parse(Path path, MemorySegment file) {
    if (file.byteSize() < Long.BYTES) {
      throw malformed(
          path,
          "is TRUNCATED: it has %d bytes, less than the header's length"
              .formatted(file.byteSize()));
    }
    long length = file.get(LENGTH, 0);
    if (Long.compareUnsigned(length, MAX_HEADER_BYTES) > 0) {
      throw malformed(
          path,
          "announces a header of %s bytes; at most %d are accepted"
              .formatted(Long.toUnsignedString(length), MAX_HEADER_BYTES));
    }
    if (length > file.byteSize() - Long.BYTES) {
      throw malformed(
          path,
          "is TRUNCATED: it announces a header of %d bytes, but only %d follow"
              .formatted(length, file.byteSize() - Long.BYTES));
    }
    byte[] header = file.asSlice(Long.BYTES, length).toArray(ValueLayout.JAVA_BYTE);
    return new Parser(path, Long.BYTES + length, file.byteSize()).parse(decode(path, header));
  }

  private static String decode(Path path, byte[] header) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(header)).toString();
    } catch (CharacterCodingException e) {
      throw new MalformedFileException(path + " has a header that is not UTF-8", e);
    }
  }

  private static MalformedFileException malformed(Path path, String rule) {
    return new MalformedFileException(path + " " + rule);
  }

  /** One pass over the JSON. */
  private static final class Parser {

    private final Path path;
    private final long dataStart;
    private final long fileSize;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    Parser(Path path, long dataStart, long fileSize) {
      this.path = path;
      this.dataStart = dataStart;
      this.fileSize = fileSize;
    }

    SafeTensorsHeader parse(String header) {
      try (JsonParser json = JSON.createParser(header)) {
        expect(json.nextToken(), JsonToken.START_OBJECT, "the header");
        while (json.nextToken() == JsonToken.FIELD_NAME) {
          String name = json.currentName();
          if (name.equals("__metadata__")) {
            readMetadata(json);
          } else {
            tensors.put(name, readTensor(json, name));
            if (tensors.size() > MAX_TENSORS) {
              throw malformed(path, "has more than %d tensors".formatted(MAX_TENSORS));
            }
          }
        }
        if (json.nextToken() != null) {
          throw malformed(path, "has something after the header's closing brace");
        }
      } catch (IOException e) {
        String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        String rule =
            reason.startsWith("Duplicate field")
                ? "has a DUPLICATE_NAME in its header: "
                : "has a header that is not valid JSON: ";
        throw new MalformedFileException(path + " " + rule + reason, e);
      }
      checkLayout();
      return new SafeTensorsHeader(
          Collections.unmodifiableMap(metadata), Collections.unmodifiableMap(tensors), dataStart);
    }

    private void readMetadata(JsonParser json) throws IOException {
      expect(json.nextToken(), JsonToken.START_OBJECT, "__metadata__");
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String key = json.currentName();
        expect(json.nextToken(), JsonToken.VALUE_STRING, "__metadata__." + key);
        metadata.put(key, json.getText());
      }
    }

    private TensorInfo readTensor(JsonParser json, String name) throws IOException {
      expect(json.nextToken(), JsonToken.START_OBJECT, name);
      Dtype dtype = null;
      List<Long> shape = null;
      List<Long> offsets = null;
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String field = json.currentName();
        json.nextToken();
        switch (field) {
          case "dtype" -> dtype = readDtype(json, name);
          case "shape" -> shape = readWholes(json, name + ".shape", MAX_RANK);
          case "data_offsets" -> offsets = readWholes(json, name + ".data_offsets", 2);
          default ->
              throw malformed(
                  path, "has an unknown field %s in the tensor %s".formatted(field, name));
        }
      }
      if (dtype == null || shape == null || offsets == null) {
        throw malformed(
            path,
            "has no %s in the tensor %s"
                .formatted(
                    dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets", name));
      }
      if (offsets.size() != 2) {
        throw malformed(
            path,
            "has %d data_offsets in the tensor %s instead of 2".formatted(offsets.size(), name));
      }
      return checkSize(new TensorInfo(name, dtype, shape, offsets.get(0), offsets.get(1)));
    }

    private Dtype readDtype(JsonParser json, String name) throws IOException {
      expect(json.currentToken(), JsonToken.VALUE_STRING, name + ".dtype");
      for (Dtype dtype : Dtype.values()) {
        if (dtype.name().equals(json.getText())) {
          return dtype;
        }
      }
      throw malformed(
          path, "has an unknown dtype %s in the tensor %s".formatted(json.getText(), name));
    }

    private List<Long> readWholes(JsonParser json, String place, int most) throws IOException {
      expect(json.currentToken(), JsonToken.START_ARRAY, place);
      var values = new ArrayList<Long>();
      while (json.nextToken() != JsonToken.END_ARRAY) {
        String text = String.valueOf(json.getText());
        if (json.currentToken() != JsonToken.VALUE_NUMBER_INT || text.startsWith("-")) {
          throw malformed(
              path,
              "has %s in %s, where only whole numbers from 0 on may stand".formatted(text, place));
        }
        try {
          values.add(Long.parseLong(text));
        } catch (NumberFormatException e) {
          throw new MalformedFileException(
              "%s has %s in %s, which overflows".formatted(path, text, place), e);
        }
        if (values.size() > most) {
          throw malformed(path, "has more than %d numbers in %s".formatted(most, place));
        }
      }
      return values;
    }

    private void expect(@Nullable JsonToken actual, JsonToken expected, String place) {
      if (actual != expected) {
        throw malformed(
            path, "should have %s at %s, but has %s".formatted(expected, place, actual));
      }
    }

    private TensorInfo checkSize(TensorInfo tensor) {
      if (tensor.begin() > tensor.end()) {
        throw malformed(
            path,
            "ends the tensor %s (%d) before it begins (%d)"
                .formatted(tensor.name(), tensor.end(), tensor.begin()));
      }
      long bits;
      try {
        bits = tensor.dtype().bits();
        for (long dim : tensor.shape()) {
          bits = Math.multiplyExact(bits, dim);
        }
      } catch (ArithmeticException e) {
        throw new MalformedFileException(
            "%s: the shape %s of the tensor %s overflows"
                .formatted(path, tensor.shape(), tensor.name()),
            e);
      }
      if (bits % 8 != 0 || bits / 8 != tensor.end() - tensor.begin()) {
        throw malformed(
            path,
            "has a SIZE_MISMATCH: the tensor %s of %s %s takes %d bits, but its data_offsets span %d bytes"
                .formatted(
                    tensor.name(),
                    tensor.dtype(),
                    tensor.shape(),
                    bits,
                    tensor.end() - tensor.begin()));
      }
      return tensor;
    }

    private void checkLayout() {
      List<TensorInfo> sorted =
          tensors.values().stream()
              .sorted(
                  Comparator.comparingLong(TensorInfo::begin).thenComparingLong(TensorInfo::end))
              .toList();
      long end = 0;
      for (TensorInfo tensor : sorted) {
        if (tensor.begin() != end) {
          throw malformed(
              path,
              "has %s before the tensor %s: it begins at %d, the one before it ends at %d"
                  .formatted(
                      tensor.begin() < end ? "an OVERLAP" : "a HOLE",
                      tensor.name(),
                      tensor.begin(),
                      end));
        }
        end = tensor.end();
      }
      long available = fileSize - dataStart;
      if (end != available) {
        throw malformed(
            path,
            "%s: its tensors take %d bytes, but %d follow the header"
                .formatted(
                    end > available ? "is TRUNCATED" : "has TRAILING bytes", end, available));
      }
    }
  }
}

package dev.mneme.cli;

import com.google.common.primitives.Ints;
import dev.mneme.llamacpp.LlamaCppOptions;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A number of blocks, or "all". */
final class GpuLayers implements ITypeConverter<Integer> {

  @Override
  public Integer convert(String value) {
    if (value.equalsIgnoreCase("all") || value.equals("-1")) {
      return LlamaCppOptions.ALL_LAYERS;
    }
    Integer layers = Ints.tryParse(value);
    if (layers == null || layers < 0) {
      throw new TypeConversionException(
          "expected a number of blocks from 0, or all (or -1), but found " + value);
    }
    return layers;
  }
}

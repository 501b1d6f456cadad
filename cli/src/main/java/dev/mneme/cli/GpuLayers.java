package dev.mneme.cli;

import dev.mneme.llamacpp.LlamaCppOptions;
import picocli.CommandLine.ITypeConverter;

/** A number of blocks, or "all". */
final class GpuLayers implements ITypeConverter<Integer> {

  @Override
  public Integer convert(String value) {
    return value.equalsIgnoreCase("all") ? LlamaCppOptions.ALL_LAYERS : Integer.valueOf(value);
  }
}

package dev.mneme.store.fuzz;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A target whose reader takes a path; each input becomes the one file there. */
public abstract class FileTarget implements FuzzTarget {

  private final String name;
  private final AllocationBound bound;
  private final InputFile file;

  /**
   * A target.
   *
   * @param fileName what the reader expects the file to be called
   */
  protected FileTarget(String name, String fileName, AllocationBound bound) throws IOException {
    this.name = name;
    this.bound = bound;
    this.file = new InputFile(fileName);
  }

  /** The input. */
  protected Path path() {
    return file.path();
  }

  /** Where the input lies, for files beside it. */
  protected Path folder() {
    return file.folder();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public AllocationBound bound() {
    return bound;
  }

  @Override
  public abstract List<byte[]> seeds();

  @Override
  public void place(byte[] input) throws IOException {
    file.write(input);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}

package dev.mneme.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import dev.mneme.FailureText;
import dev.mneme.NativeLibraryException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A loaded TorchScript module. {@link #run} may be called by several threads at once, the rest by
 * one; owns native memory, freed by closing.
 */
public final class Script implements AutoCloseable {

  private final PtNDManager manager;
  private final PtSymbolBlock block;

  /** Compiles the text; the class in it must be called {@code className}. */
  public Script(String className, String code) {
    manager = Torch.newManager();
    try {
      block =
          JniUtils.loadModule(
              manager,
              new ByteArrayInputStream(ScriptArchive.of(className, code)),
              /* mapLocation= */ false,
              /* hasSize= */ false);
    } catch (IOException | RuntimeException e) {
      manager.close();
      throw new NativeLibraryException("PyTorch refused a script: " + FailureText.of(e), e);
    }
  }

  /**
   * Runs a method without recording for gradients; its result can take no part in them.
   *
   * @param arguments closed by the caller
   */
  public IValue run(String method, IValue... arguments) {
    return IValueUtils.runMethod(block, method, arguments);
  }

  /**
   * Runs a method in which gradients can flow, if they are on for this thread.
   *
   * @param owner whose tensors the results become
   * @param first the method's first arguments
   * @param list its last argument, a list of tensors
   * @return the tensors of the list it gives
   */
  public List<PtNDArray> runWithGradients(
      PtNDManager owner, String method, List<PtNDArray> first, List<PtNDArray> list) {
    var arguments = new NDList();
    try (PtNDArray choice = owner.create(new Shape(1), DataType.INT64)) {
      // The engine reads the method and the grouping of arguments from the arrays' names.
      for (int i = 0; i < first.size(); i++) {
        first.get(i).setName("argument" + i);
        arguments.add(first.get(i));
      }
      for (PtNDArray array : list) {
        array.setName("list[]");
        arguments.add(array);
      }
      choice.setName("module_method:" + method);
      arguments.add(choice);
      List<PtNDArray> results = new ArrayList<>();
      for (NDArray result : IValueUtils.forward(block, arguments, true)) {
        result.attach(owner);
        results.add((PtNDArray) result);
      }
      return results;
    }
  }

  /** A list argument over tensors that stay the caller's. */
  public static IValue list(List<PtNDArray> tensors) {
    return IValue.listFrom(tensors.toArray(PtNDArray[]::new));
  }

  @Override
  public void close() {
    block.close();
    manager.close();
  }
}

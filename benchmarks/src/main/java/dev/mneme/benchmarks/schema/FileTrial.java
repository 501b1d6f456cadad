package dev.mneme.benchmarks.schema;

import dev.mneme.HostSession;
import dev.mneme.MnemeException;
import dev.mneme.Rows;
import dev.mneme.llamacpp.LlamaCppHost;
import java.nio.file.Path;

/** Opens a GGUF file as a host and uses it: tokenises a text and decodes a few tokens. */
public final class FileTrial {

  /** What came of a file. */
  public static final String REFUSED = "refused";

  /** What came of a file. */
  public static final String OPENED = "opened";

  private static final String TEXT = "the text, n\u00e4ive \u4e2d\n";

  private FileTrial() {}

  /**
   * Tries a file.
   *
   * @return {@link #REFUSED}, {@link #OPENED}, or an exception that no caller expects
   */
  public static String run(Path file) {
    try (LlamaCppHost host = LlamaCppHost.open(file);
        HostSession session = host.openSession(1)) {
      host.tokenizer().encode(TEXT, true, true);
      session.forward(new int[] {5, 6, 7, 8}, Rows.LAST);
      session.forward(new int[] {9}, Rows.LAST);
      session.forward(new int[] {10}, Rows.LAST);
      return OPENED;
    } catch (MnemeException | IllegalArgumentException e) {
      return REFUSED;
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      return "unexpected " + e.toString().replace('\n', ' ');
    }
  }
}

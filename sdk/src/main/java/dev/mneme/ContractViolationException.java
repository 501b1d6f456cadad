package dev.mneme;

/**
 * A host, a memory, a policy or a tokenizer gave what its interface forbids: null, rows of another
 * number or width than it declared, a weight outside [0, 1]. The message names it, with what was
 * expected and what was found; the mistake is in that implementation.
 */
public final class ContractViolationException extends MnemeException {
  private static final long serialVersionUID = 1L;

  public ContractViolationException(String message) {
    super(message);
  }

  public ContractViolationException(String message, Throwable cause) {
    super(message, cause);
  }
}

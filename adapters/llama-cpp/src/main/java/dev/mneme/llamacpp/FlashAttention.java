package dev.mneme.llamacpp;

/** Whether attention is computed block by block in one step (arXiv 2205.14135). */
public enum FlashAttention {
  /**
   * Off on the processor, where newer releases let the number of threads change the result (by 0.01
   * in a logit); on a GPU as the library's release does by itself.
   */
  AUTO,
  /** On; a model or device that cannot is refused when a session is opened. */
  ON,
  /** Off. */
  OFF
}

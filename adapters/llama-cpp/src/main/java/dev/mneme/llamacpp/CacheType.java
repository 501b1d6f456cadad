package dev.mneme.llamacpp;

/** How a session stores keys and values of the past. */
public enum CacheType {
  /** 4 bytes a number: closest to full-precision arithmetic. */
  F32,
  /** 2 bytes a number: llama.cpp's default. */
  F16
}

package dev.mneme.djl.internal;

/** Keeps DJL off the network; asked for before any class of it that would go there. */
final class Offline {

  private Offline() {}

  /** Switches off downloads and reports of usage, for the whole process. */
  static void require() {
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
  }
}

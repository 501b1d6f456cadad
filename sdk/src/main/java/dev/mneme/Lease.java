package dev.mneme;

import java.util.List;

/** The right of one running call to keep using the host and the memories it started with. */
final class Lease implements AutoCloseable {

  private final Shared<HostModel> host;
  private final List<Attachment> attachments;

  /** Takes over leases that the caller has already added. */
  Lease(Shared<HostModel> host, List<Attachment> attachments) {
    this.host = host;
    this.attachments = attachments;
  }

  HostModel host() {
    return host.get();
  }

  List<Attachment> attachments() {
    return attachments;
  }

  List<MemoryUse> uses() {
    return attachments.stream().map(Attachment::use).toList();
  }

  @Override
  public void close() {
    attachments.forEach(attachment -> attachment.shared().release());
    host.release();
  }
}

package dev.mneme.trainer.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DocumentSplitTest {

  @Test
  void membershipIsThatOfTheDocumentedHash() {
    // SHA-256 of eight zero bytes and "law" begins with 80255c120044c922; read little-endian, over
    // 2^64.
    double place = 0.135883569;
    assertThat(DocumentSplit.part(0, place + 1e-6).contains("law")).isTrue();
    assertThat(DocumentSplit.part(0, place - 1e-6).contains("law")).isFalse();
  }

  @Test
  void growingTheShareKeepsWhatWasIn() {
    DocumentSplit small = DocumentSplit.part(3, 0.1);
    DocumentSplit large = DocumentSplit.part(3, 0.3);
    assertThat(IntStream.range(0, 1000).mapToObj(Integer::toString).filter(small::contains))
        .hasSizeGreaterThan(50)
        .allMatch(large::contains);
  }

  @Test
  void nothingAndEverythingAreShares() {
    assertThat(DocumentSplit.part(1, 0).contains("a")).isFalse();
    assertThat(DocumentSplit.part(1, 1).contains("a")).isTrue();
    assertThat(DocumentSplit.part(1, 1).rest().contains("a")).isFalse();
  }

  @Test
  void aShareAboveOneIsRefused() {
    assertThatThrownBy(() -> DocumentSplit.part(1, 10)).hasMessageContaining("[0, 1], not 10");
  }
}

package dev.mneme.integration;

import static dev.mneme.integration.Commands.run;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mneme.store.ClassPathModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The memories in the jars mneme-pack-* are what their cards say. */
class ShippedPacksTest {

  private static final long MOST_BYTES = 60_000_000;

  @Test
  void eachIsBetterOnThePassageOfItsDomainThanTheHostAndThoseOfOtherDomains() throws IOException {
    JsonNode demo = run("demo", "--json").json();
    for (String name : ClassPathModels.here().packs()) {
      String domain = domain(name);
      double own = 0;
      double bestOther = Double.POSITIVE_INFINITY;
      for (JsonNode row : demo.path("matrix")) {
        double perplexity = row.path("perplexity").path(domain).asDouble();
        String memory = row.path("memory").asText();
        if (memory.equals(name)) {
          own = perplexity;
        } else if (!domain(memory).equals(domain)) {
          bestOther = Math.min(bestOther, perplexity);
        }
      }
      assertThat(own).as(name).isPositive().isLessThan(bestOther);
    }
  }

  /** {@code law} of {@code law} and of {@code law-mlp}. */
  private static String domain(String pack) {
    return pack.replaceFirst("-mlp$", "");
  }

  @Test
  void allOfThemAndTheHostsStaySmall() throws IOException {
    assertThat(ClassPathModels.here().packs())
        .contains("biomedicine", "biomedicine-mlp", "finance", "finance-mlp", "law", "law-mlp");
    long bytes = 0;
    for (String folder : List.of("hosts", "packs")) {
      try (Stream<Path> files = Files.walk(Path.of("..", "memory-store", folder))) {
        bytes +=
            files
                .filter(file -> file.toString().contains("resources"))
                .mapToLong(file -> file.toFile().isFile() ? file.toFile().length() : 0)
                .sum();
      }
    }
    assertThat(bytes).isBetween(1_000_000L, MOST_BYTES);
  }
}

package dev.mneme.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.HostIdentity;
import dev.mneme.HostModel;
import dev.mneme.HostSession;
import dev.mneme.IncompatibleMemoryException;
import dev.mneme.MemoryModule;
import dev.mneme.MnemeException;
import dev.mneme.Tap;
import dev.mneme.Tokenizer;
import dev.mneme.Vocabulary;
import dev.mneme.store.testing.ModelEdit;
import dev.mneme.store.testing.TinyModel;
import dev.mneme.store.testing.TinyModel.Family;
import dev.mneme.testing.BigramModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryLoaderTest {

  @TempDir private Path folder;
  private Path directory;
  private Host host;

  @BeforeEach
  void writeModel() {
    directory = TinyModel.write(TinyModel.directory(folder, "m"), Family.LLAMA, 1);
    host = new Host(MemoryPack.open(directory).vocabulary());
  }

  @Test
  void loadsWithTheOneEngineThatAccepts() {
    var memory = new BigramModel("m", 1);
    MemoryModule loaded =
        open(new Engine("refuses", false, memory), new Engine("accepts", true, memory));
    assertThat(loaded).isSameAs(memory);
  }

  @Test
  void refusesToChooseBetweenEngines() {
    var memory = new BigramModel("m", 1);
    assertThatThrownBy(() -> open(new Engine("one", true, memory), new Engine("two", true, memory)))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("memory m", "[one, two]", "call the one you want");
  }

  @Test
  void namesTheEnginesThatRefuse() {
    assertThatThrownBy(() -> open(new Engine("one", false, new BigramModel("m", 1))))
        .isInstanceOf(MnemeException.class)
        .hasMessageContainingAll("memory m", "tiny-host", "[one]");
  }

  @Test
  void saysSoWhereNoEngineIsOnTheClassPath() {
    assertThatThrownBy(() -> MemoryLoader.open(directory, host))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("engines: []");
  }

  @Test
  void refusesOneSwappedPairOfIdsAndListsBoth() {
    ModelEdit.json(
        directory,
        "tokenizer.json",
        t -> {
          var vocab = (ObjectNode) t.get("model").get("vocab");
          int x = vocab.get("x").intValue();
          vocab.put("x", vocab.get("y").intValue()).put("y", x);
        });
    assertThatThrownBy(() -> open(new Engine("never asked", true, new BigramModel("m", 1))))
        .isInstanceOf(IncompatibleMemoryException.class)
        .hasMessageContainingAll(
            "memory m", "tiny-host", "\"x\" here and \"y\" there", "\"y\" here and \"x\" there");
  }

  @Test
  void refusesOtherSpecialIds() {
    ModelEdit.json(directory, "config.json", c -> c.put("bos_token_id", 0));
    assertThatThrownBy(() -> open())
        .isInstanceOf(IncompatibleMemoryException.class)
        .hasMessageContaining("sequences begin with id 1 here and 0 there");
  }

  @Test
  void acceptsAHostWithMorePadding() {
    Vocabulary.Builder wider = Vocabulary.builder();
    Vocabulary own = host.vocabulary();
    for (int id = 0; id < own.size(); id++) {
      wider.add(own.bytes(id), own.kind(id));
    }
    wider.add("[PAD]", Vocabulary.Kind.UNUSED).bos(1).end(2);
    host = new Host(wider.build());
    var memory = new BigramModel("m", 1);
    assertThat(open(new Engine("accepts", true, memory))).isSameAs(memory);
  }

  private MemoryModule open(MemoryLoader... engines) {
    return MemoryLoader.open(MemoryPack.open(directory), host, List.of(engines));
  }

  private record Engine(String engine, boolean willing, MemoryModule memory)
      implements MemoryLoader {
    @Override
    public boolean accepts(MemoryPack pack, HostModel host) {
      return willing;
    }

    @Override
    public MemoryModule load(MemoryPack pack, HostModel host) {
      return memory;
    }
  }

  /** A host that is only asked what its ids mean. */
  private record Host(Vocabulary vocabulary) implements HostModel {
    @Override
    public String name() {
      return "tiny-host";
    }

    @Override
    public Tokenizer tokenizer() {
      throw new UnsupportedOperationException();
    }

    @Override
    public int logitWidth() {
      return vocabulary.size();
    }

    @Override
    public int contextLength() {
      return TinyModel.CONTEXT;
    }

    @Override
    public Optional<HostIdentity> identity() {
      return Optional.empty();
    }

    @Override
    public OptionalInt activationWidth(Tap tap) {
      return OptionalInt.empty();
    }

    @Override
    public HostSession openSession(int threads, Set<Tap> taps) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }
}

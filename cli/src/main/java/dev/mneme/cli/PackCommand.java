package dev.mneme.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.Compatibility;
import dev.mneme.HostModel;
import dev.mneme.MnemeException;
import dev.mneme.UnsharedIds;
import dev.mneme.store.ClassPathModels;
import dev.mneme.store.MemoryLoader;
import dev.mneme.store.MemoryPack;
import dev.mneme.store.MnemeHome;
import dev.mneme.store.PackManifest;
import dev.mneme.store.packs.InstalledPack;
import dev.mneme.store.packs.MemoryStore;
import dev.mneme.store.packs.PackArchive;
import dev.mneme.store.packs.PackPlace;
import dev.mneme.store.packs.PackReference;
import dev.mneme.store.packs.PackSignature;
import dev.mneme.store.packs.PackSource;
import dev.mneme.store.packs.SigningKey;
import dev.mneme.store.packs.Trust;
import dev.mneme.store.packs.TrustedKey;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The packs a user keeps, and their archives and signatures. */
@Command(
    name = "pack",
    mixinStandardHelpOptions = true,
    description = {
      "Keeps packs in a store on disk and makes archives and signatures of them.",
      "The store is $MNEME_HOME/store, by default ~/.mneme/store; --memory finds its packs by name."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
final class PackCommand implements Runnable {

  private static final String SIGNATURES =
      "What becomes of packs that no key in $MNEME_HOME/trusted-keys vouches for: off, warn or"
          + " require. Default: MNEME_SIGNATURES, or else off.";
  private static final String SIGNATURES_DEFAULT = "${env:MNEME_SIGNATURES:-off}";
  private static final int SHORT_DIGEST = "sha256:".length() + 12;
  private static final double MB = 1e6;

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "expected a command: pull, list, show, check, verify, rm, gc, pack, sign or" + " new-key");
  }

  private static MemoryStore store() {
    return MemoryStore.standard();
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  private static Trust trust(Trust.Policy policy) {
    return policy == Trust.Policy.OFF
        ? Trust.OFF
        : new Trust(policy, TrustedKey.read(MnemeHome.folder().resolve(TrustedKey.FILE)));
  }

  /** Installs a pack. */
  @Command(
      name = "pull",
      mixinStandardHelpOptions = true,
      description = "Installs a pack under its name, after checking every byte.")
  int pull(
      @Parameters(
              paramLabel = "PACK",
              description =
                  "A folder with pack.json, a .mpack file, the name of a shipped pack,"
                      + " hf:OWNER/NAME@REVISION of a model hub, or mvn:GROUP:ARTIFACT:VERSION.")
          String given,
      @Option(names = "--signatures", defaultValue = SIGNATURES_DEFAULT, description = SIGNATURES)
          Trust.Policy signatures,
      @Option(
              names = "--allow-older",
              description = "Also in place of a later version of the same name.")
          boolean allowOlder,
      @Option(names = "--json", description = "For machines.") boolean json) {
    try (var bars = new FetchBars();
        PackSource source = new PackReference(given).open(bars)) {
      InstalledPack installed = store().install(source, trust(signatures), allowOlder);
      if (json) {
        print(describe(installed, Json.object()));
        return 0;
      }
      Line.print(
          out(),
          "installed %s %s (%s)%s%n",
          installed.name(),
          installed.version(),
          installed.digest(),
          installed.signer().map(signer -> ", signed by " + signer).orElse(""));
    }
    return 0;
  }

  /** Lists what is installed. */
  @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists what is installed.")
  int list(@Option(names = "--json", description = "For machines.") boolean json) {
    List<InstalledPack> packs = store().list();
    if (json) {
      ObjectNode root = Json.object();
      ArrayNode array = root.putArray("packs");
      packs.forEach(pack -> describe(pack, array.addObject()));
      ObjectNode damaged = root.putObject("damaged");
      store().damaged().forEach(damaged::put);
      ArrayNode shipped = root.putArray("shipped");
      ClassPathModels.here()
          .packs()
          .forEach(name -> shipped.addObject().put("name", name).put("hidden", store().has(name)));
      print(root);
      return 0;
    }
    if (store().names().isEmpty()) {
      Line.print(out(), "no packs in %s; install one with `mneme pack pull`%n", store().root());
      return 0;
    }
    PrintWriter out = out();
    Line.print(out, "%-24s %-10s %-20s %9s  %s%n", "NAME", "VERSION", "DIGEST", "MB", "DOMAIN");
    for (InstalledPack pack : packs) {
      Line.print(
          out,
          "%-24s %-10s %-20s %9.1f  %s%n",
          pack.name(),
          pack.version(),
          pack.digest().substring(0, SHORT_DIGEST),
          pack.bytes() / MB,
          pack.manifest().domain());
    }
    store()
        .damaged()
        .forEach((name, reason) -> Line.print(out, "%-24s damaged: %s%n", name, reason));
    printHidden(out);
    return 0;
  }

  /** What is installed wins over what is shipped under the same name, but not in silence. */
  private static void printHidden(PrintWriter out) {
    ClassPathModels.here().packs().stream()
        .filter(store()::has)
        .forEach(
            name ->
                Line.print(
                    out,
                    "%s means the installed pack; %s%s means the one shipped with this program%n",
                    name,
                    PackPlace.CLASS_PATH,
                    name));
  }

  /** Shows one installed pack. */
  @Command(
      name = "show",
      mixinStandardHelpOptions = true,
      description = "Shows one installed pack.")
  int show(
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--json", description = "For machines.") boolean json) {
    InstalledPack pack = store().require(name);
    if (json) {
      print(describe(pack, Json.object()));
      return 0;
    }
    PrintWriter out = out();
    Line.print(out, "pack        %s %s%n", pack.name(), pack.version());
    Line.print(out, "digest      %s%n", pack.digest());
    Line.print(out, "kind        %s%n", pack.manifest().kind().label());
    Line.print(out, "domain      %s%n", pack.manifest().domain());
    Line.print(out, "lambda      %s%n", pack.manifest().lambda());
    Line.print(out, "from        %s, %s%n", pack.origin(), pack.installed());
    Line.print(out, "signed by   %s%n", pack.signer().orElse("(not looked at)"));
    Line.print(out, "folder      %s%n", pack.directory());
    Line.files(out, pack.manifest().files());
    return 0;
  }

  private void print(ObjectNode node) {
    out().println(Json.write(node));
  }

  private static ObjectNode describe(InstalledPack pack, ObjectNode node) {
    node.put("name", pack.name())
        .put("version", pack.version().toString())
        .put("digest", pack.digest())
        .put("kind", pack.manifest().kind().label())
        .put("domain", pack.manifest().domain())
        .put("lambda", pack.manifest().lambda())
        .put("bytes", pack.bytes())
        .put("origin", pack.origin())
        .put("installed", pack.installed().toString())
        .put("directory", pack.directory().toString());
    pack.signer().ifPresent(signer -> node.put("signer", signer));
    return node;
  }

  /** Reads every byte again. */
  @Command(
      name = "verify",
      mixinStandardHelpOptions = true,
      description = {
        "Reads every byte of an installed pack again, and its signature, and counts weights that"
            + " are NaN or infinite."
      })
  int verify(
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--signatures", defaultValue = SIGNATURES_DEFAULT, description = SIGNATURES)
          Trust.Policy signatures,
      @Option(names = "--json", description = "For machines.") boolean json) {
    InstalledPack pack = store().verify(name, trust(signatures));
    long notFinite = MemoryPack.open(pack.directory(), Trust.OFF).weightsNotFinite();
    if (json) {
      print(describe(pack, Json.object()).put("weightsNotFinite", notFinite));
      return 0;
    }
    Line.print(out(), "%s %s is whole (%s)%n", pack.name(), pack.version(), pack.digest());
    if (notFinite > 0) {
      out()
          .printf(
              Locale.ROOT,
              "%,d of its weights are NaN or infinite: its training went astray%n",
              notFinite);
    }
    return 0;
  }

  /** Compares a pack with a host. */
  @Command(
      name = "check",
      mixinStandardHelpOptions = true,
      description = {
        "Says whether a pack fits a host, with every reason why not.",
        "Ends with 0 if it does and with 1 if it does not."
      })
  int check(
      @Parameters(
              paramLabel = "PACK",
              description = "As for --memory: a folder, a name, or a reference.")
          String given,
      @Option(
              names = "--host",
              required = true,
              paramLabel = "HOST",
              description = "A .gguf file, a Hugging Face folder, or a shipped host by name.")
          String host,
      @Option(names = "--json", description = "For machines.") boolean json) {
    MemoryPack pack = ModelNames.pack(given);
    Path path = ModelNames.host(host);
    try (HostModel model = EngineChoice.of(path).host(path)) {
      Compatibility found = MemoryLoader.check(pack, model);
      if (json) {
        ObjectNode root = Json.object();
        root.put("pack", pack.name())
            .put("digest", pack.digest())
            .put("host", model.name())
            .put("fits", found.fits());
        found.reasons().forEach(root.putArray("reasons")::add);
        addUnshared(root.putObject("unsharedIds"), found.unshared());
        print(root);
      } else {
        Line.print(
            out(), "%s %s %s%n", pack.name(), found.fits() ? "fits" : "does not fit", model.name());
        found.reasons().forEach(reason -> out().println("  - " + reason)); // escaped already
        found.unshared().sentences().forEach(note -> out().println("  note: " + note));
      }
      return found.fits() ? 0 : 1;
    }
  }

  private static void addUnshared(ObjectNode into, UnsharedIds unshared) {
    addEntries(into.putArray("hostOnly"), unshared.hostOnly());
    addEntries(into.putArray("memoryOnly"), unshared.memoryOnly());
  }

  private static void addEntries(ArrayNode into, List<UnsharedIds.Entry> entries) {
    entries.forEach(entry -> into.addObject().put("id", entry.id()).put("name", entry.name()));
  }

  /** Takes a name away. */
  @Command(
      name = "rm",
      mixinStandardHelpOptions = true,
      description = "Takes a pack's name away; `gc` frees its files when nobody uses them.")
  int remove(@Parameters(paramLabel = "NAME") String name) {
    if (!store().has(name)) {
      store().require(name); // says what there is
    }
    store().remove(name);
    Line.print(out(), "removed %s%n", name);
    return 0;
  }

  /** Frees what nobody names or uses. */
  @Command(
      name = "gc",
      mixinStandardHelpOptions = true,
      description = "Frees packs that no name means and nobody uses, and files that no pack has.")
  int collect(
      @Option(
              names = "--now",
              description = "Also what was installed in the last hour and may yet get its name.")
          boolean now,
      @Option(names = "--json", description = "For machines.") boolean json) {
    MemoryStore.Collected collected = store().collect(now ? Duration.ZERO : MemoryStore.GRACE);
    if (json) {
      ObjectNode root =
          Json.object().put("bytes", collected.bytes()).put("young", collected.young());
      collected.packs().forEach(root.putArray("packs")::add);
      print(root);
      return 0;
    }
    out()
        .printf(
            Locale.ROOT,
            "packs freed: %d, %.1f MB%n",
            collected.packs().size(),
            collected.bytes() / MB);
    if (collected.young() > 0) {
      out()
          .printf(
              "packs kept: %d that no name means but that came within the last hour, as one may be"
                  + " about to get its name; --now frees these too%n",
              collected.young());
    }
    return 0;
  }

  /** Makes an archive. */
  @Command(
      name = "pack",
      mixinStandardHelpOptions = true,
      description = "Puts a pack into one .mpack file; equal packs give equal files.")
  int pack(
      @Parameters(paramLabel = "PACK", description = "A folder with pack.json, or a name.")
          String given,
      @Option(
              names = "--out",
              paramLabel = "FILE",
              description = "Default: NAME-VERSION.mpack in this folder.")
          @Nullable Path file) {
    MemoryPack pack = ModelNames.pack(given, Trust.OFF); // it is not run
    if (!Files.exists(pack.directory().resolve(PackManifest.FILE))) {
      throw new MnemeException(
          "%s is a plain model folder; make a pack of it with `mneme import`".formatted(given));
    }
    Path target =
        file == null
            ? Path.of(
                "%s-%s%s".formatted(pack.name(), pack.manifest().version(), PackArchive.SUFFIX))
            : file;
    PackArchive.write(pack, target);
    Line.print(out(), "wrote %s (%s)%n", target, pack.digest());
    return 0;
  }

  /** Makes a key. */
  @Command(
      name = "new-key",
      mixinStandardHelpOptions = true,
      description = "Makes a key to sign packs with; FILE.pub is for those who trust it.")
  int newKey(
      @Parameters(paramLabel = "FILE") Path file,
      @Option(
              names = "--signer",
              required = true,
              paramLabel = "TEXT",
              description = "Whose it is.")
          String signer) {
    TrustedKey key = SigningKey.create(file, signer);
    out().println("Whoever trusts this key adds a line to $MNEME_HOME/trusted-keys:");
    out().println(key.toLine());
    return 0;
  }

  /** Signs a pack. */
  @Command(
      name = "sign",
      mixinStandardHelpOptions = true,
      description = "Signs a pack: writes pack.sig beside its pack.json.")
  int sign(
      @Parameters(paramLabel = "PACK_DIR") Path folder,
      @Option(
              names = "--key",
              required = true,
              paramLabel = "FILE",
              description = "As `mneme pack new-key` made it.")
          Path key,
      @Option(
              names = "--days",
              defaultValue = "365",
              description = "How long the signature holds. Default: ${DEFAULT-VALUE}.")
          int days)
      throws IOException {
    OptionRange.within("--days", days, 1, 36_500, "");
    MemoryPack.open(folder, Trust.OFF); // nobody signs what is damaged
    byte[] manifest = Files.readAllBytes(folder.resolve(PackManifest.FILE));
    Instant notAfter = Instant.now().plus(Duration.ofDays(days));
    PackSignature signature = SigningKey.sign(manifest, key, notAfter);
    Files.write(folder.resolve(PackSignature.FILE), signature.toBytes());
    Line.print(
        out(), "signed %s as %s until %s%n", folder, signature.signer(), signature.notAfter());
    return 0;
  }
}

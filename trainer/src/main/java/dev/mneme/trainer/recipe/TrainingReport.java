package dev.mneme.trainer.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mneme.MnemeException;
import dev.mneme.trainer.TrainingCurve;
import dev.mneme.trainer.files.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a finished run says about itself, {@code report.json}: the recipe with every default, the
 * data with digests, the code, each stage with its seconds and manifest, and of a network the curve
 * and its speed.
 */
final class TrainingReport {

  private static final Logger log = LoggerFactory.getLogger(TrainingReport.class);

  /** Results of stages that also stand at the top of the report. */
  private static final List<String> FIGURES =
      List.of("recall", "recallSample", "keptMass", "massOnNextToken", "weights", "trainedWeights");

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final TrainingRecipe recipe;
  private final Workspace workspace;
  private final ObjectNode json;

  TrainingReport(TrainingRecipe recipe, Workspace workspace) {
    this.recipe = recipe;
    this.workspace = workspace;
    this.json = head(recipe);
  }

  /** What every report begins with: the recipe, the code and the machine. */
  static ObjectNode head(Recipe recipe) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("name", recipe.name().text()).put("output", recipe.name().text());
    json.set("recipe", RecipeJson.of(recipe));
    CodeVersion code = CodeVersion.current();
    json.putObject("code").put("version", code.version()).put("classes", code.classes());
    json.putObject("machine")
        .put("processors", Runtime.getRuntime().availableProcessors())
        .put("architecture", System.getProperty("os.arch"))
        .put("system", System.getProperty("os.name"))
        .put("java", System.getProperty("java.version"));
    return json;
  }

  /** How a network was computed. */
  void addCompute(int threads, boolean bfloat16) {
    json.withObject("/machine").put("threads", threads).put("bfloat16", bfloat16);
  }

  /** The finished stages, the first of which checked the corpora. */
  void addStages(List<Stages.Done> stages) {
    addData(Workspace.manifest(stages.getFirst().output()));
    double seconds = 0;
    ArrayNode array = json.putArray("stages");
    for (Stages.Done stage : stages) {
      JsonNode manifest = Workspace.manifest(stage.output());
      ObjectNode node = array.addObject().put("stage", stage.name());
      node.put("seconds", stage.seconds()).set("manifest", manifest);
      seconds += stage.seconds();
      JsonNode results = manifest.path("results");
      for (String figure : FIGURES) {
        if (results.has(figure)) {
          json.set(figure, results.get(figure));
        }
      }
    }
    json.put("seconds", seconds);
  }

  /** Every file of text with its use and digest; the manifest has them in the recipe's order. */
  private void addData(JsonNode check) {
    ArrayNode data = json.putArray("data");
    var uses = new ArrayList<String>();
    var names = new ArrayList<DataFile>();
    add(recipe.corpora(), "training", names, uses);
    for (DataFile file : recipe.evaluation()) {
      names.add(file);
      uses.add("evaluation");
    }
    if (recipe instanceof NetworkRecipe network) {
      add(network.validation(), "validation", names, uses);
    }
    for (int i = 0; i < names.size(); i++) {
      JsonNode input = check.path("inputs").path(i);
      ObjectNode file = data.addObject().put("file", names.get(i).path());
      file.put("use", uses.get(i));
      file.set("bytes", input.path("bytes"));
      file.set("sha256", input.path("sha256"));
    }
    json.set("text", check.path("results"));
  }

  private static void add(
      List<CorpusSettings> corpora, String use, List<DataFile> names, List<String> uses) {
    for (CorpusSettings corpus : corpora) {
      for (DataFile file : corpus.files()) {
        names.add(file);
        uses.add(use);
      }
    }
  }

  /** A network's curve and speed; also draws {@code curves.png}. */
  void addCurve(TrainingCurve curve) {
    ArrayNode points = json.putArray("curve");
    for (TrainingCurve.Point point : curve.points()) {
      ObjectNode node = points.addObject().put("step", point.step()).put("tokens", point.tokens());
      node.put("seconds", point.seconds()).put("loss", point.loss());
      node.put("crossEntropy", point.crossEntropy());
      if (CurveChart.isMeasured(point)) {
        node.put("validationPerplexity", CurveChart.perplexity(point));
      }
    }
    TrainingCurve.Point last = curve.points().getLast();
    json.put("tokens", last.tokens()).put("trainingSeconds", last.seconds());
    json.put("tokensPerSecond", last.tokens() / last.seconds());
    if (CurveChart.isMeasured(last)) {
      json.put("validationPerplexity", CurveChart.perplexity(last));
    }
    try {
      CurveChart.write(
          recipe.name().text(), curve.points(), workspace.training().resolve("curves.png"));
    } catch (IOException | RuntimeException | LinkageError e) {
      // Java draws text with the system's font library, which bare machines lack.
      log.warn("curves.png could not be drawn ({}); report.json has the same points", e.toString());
    }
  }

  /** Writes {@code report.json}. */
  Path write() {
    Path file = workspace.training().resolve("report.json");
    write(file, json);
    return file;
  }

  static void write(Path file, ObjectNode json) {
    try {
      String text = MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json);
      AtomicFile.write(file, (text + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new MnemeException("cannot write %s: %s".formatted(file, e), e);
    }
  }

  ObjectNode json() {
    return json;
  }
}

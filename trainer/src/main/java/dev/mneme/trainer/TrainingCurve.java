package dev.mneme.trainer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mneme.FailureText;
import dev.mneme.MalformedFileException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How a training went, point after point. Used by one thread. */
public final class TrainingCurve {

  /**
   * Where a training stood.
   *
   * @param step steps done
   * @param tokens positions trained on so far
   * @param seconds spent in training so far, interruptions left out
   * @param loss mean training loss since the last point, in nats
   * @param crossEntropy mean -log p of the tokens that follow since the last point, in nats
   * @param validation mean -log p on validation text, in nats; absent where it was not measured
   */
  public record Point(
      long step,
      long tokens,
      double seconds,
      double loss,
      double crossEntropy,
      @Nullable Double validation) {}

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final List<Point> points = new ArrayList<>();

  /** The points so far. */
  public List<Point> points() {
    return List.copyOf(points);
  }

  void add(Point point) {
    points.add(point);
  }

  /** The points as a JSON array. */
  public String toJson() {
    try {
      return MAPPER.writeValueAsString(points);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a list of plain numbers did not serialise", e);
    }
  }

  static TrainingCurve ofJson(String json) {
    var curve = new TrainingCurve();
    try {
      curve.points.addAll(MAPPER.readValue(json, new TypeReference<List<Point>>() {}));
    } catch (JsonProcessingException e) {
      throw new MalformedFileException(
          "the training curve cannot be read: " + FailureText.of(e), e);
    }
    return curve;
  }
}

package dev.mneme.trainer.recipe;

import dev.mneme.trainer.TrainingCurve.Point;
import dev.mneme.trainer.files.AtomicFile;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws training curves: the losses above, validation perplexity below. Needs no display. */
final class CurveChart {

  private static final int WIDTH = 900;
  private static final int HEIGHT = 420;

  private CurveChart() {}

  /**
   * Writes a PNG file.
   *
   * @param points at least one
   */
  static void write(String title, List<Point> points, Path file) throws IOException {
    double[] steps = points.stream().mapToDouble(Point::step).toArray();
    XYChart losses = chart(title, "nats");
    double[] loss = points.stream().mapToDouble(Point::loss).toArray();
    double[] next = points.stream().mapToDouble(Point::crossEntropy).toArray();
    add(losses, "training loss", steps, loss);
    if (!Arrays.equals(loss, next)) { // they are the same in plain language modelling
      add(losses, "cross entropy of the next token", steps, next);
    }
    List<Point> measured = points.stream().filter(CurveChart::isMeasured).toList();
    int rows = measured.isEmpty() ? 1 : 2;
    var image = new BufferedImage(WIDTH, HEIGHT * rows, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    losses.paint(graphics, WIDTH, HEIGHT);
    if (rows == 2) {
      XYChart perplexity = chart("", "perplexity");
      add(
          perplexity,
          "validation perplexity",
          measured.stream().mapToDouble(Point::step).toArray(),
          measured.stream().mapToDouble(CurveChart::perplexity).toArray());
      graphics.translate(0, HEIGHT);
      perplexity.paint(graphics, WIDTH, HEIGHT);
    }
    graphics.dispose();
    var png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    AtomicFile.write(file, png.toByteArray());
  }

  /** Whether a point has a validation loss. */
  static boolean isMeasured(Point point) {
    return point.validation() != null && Double.isFinite(point.validation());
  }

  /** e to the validation loss, of a point that has one. */
  static double perplexity(Point point) {
    return point.validation() == null ? Double.NaN : Math.exp(point.validation());
  }

  private static XYChart chart(String title, String unit) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle("steps")
            .yAxisTitle(unit)
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.InsideNE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    return chart;
  }

  private static void add(XYChart chart, String name, double[] x, double[] y) {
    chart.addSeries(name, x, y).setMarker(SeriesMarkers.NONE);
  }
}

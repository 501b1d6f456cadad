package dev.mneme.trainer.recipe;

import dev.mneme.trainer.files.AtomicFile;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.DoubleStream;
import javax.imageio.ImageIO;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Draws perplexity over the mixing weight of each pack: on its own domain above, on general text
 * below. Needs no display.
 */
final class LambdaChart {

  private static final int WIDTH = 900;
  private static final int HEIGHT = 420;

  /** One pack's mixtures with the host on the two texts. */
  record Line(String pack, Mixing own, Mixing general) {}

  private LambdaChart() {}

  /** The weights drawn: the host alone, and all that are tried. */
  static double[] weights() {
    return DoubleStream.concat(DoubleStream.of(0), DoubleStream.of(Mixing.weights())).toArray();
  }

  /**
   * Writes a PNG file.
   *
   * @param lines at least one
   */
  static void write(String title, List<Line> lines, Path file) throws IOException {
    XYChart own = chart(title + ": each pack on its own domain", LegendPosition.InsideNE);
    XYChart general = chart("on general text", LegendPosition.InsideNW);
    double[] weights = weights();
    for (Line line : lines) {
      add(own, line.pack(), weights, line.own());
      add(general, line.pack(), weights, line.general());
    }
    var image = new BufferedImage(WIDTH, 2 * HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    own.paint(graphics, WIDTH, HEIGHT);
    graphics.translate(0, HEIGHT);
    general.paint(graphics, WIDTH, HEIGHT);
    graphics.dispose();
    var png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    AtomicFile.write(file, png.toByteArray());
  }

  private static XYChart chart(String title, LegendPosition legend) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle("λ, the memory's weight")
            .yAxisTitle("perplexity")
            .build();
    chart.getStyler().setLegendPosition(legend);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    return chart;
  }

  private static void add(XYChart chart, String name, double[] weights, Mixing mixing) {
    double[] perplexity = DoubleStream.of(weights).map(mixing::perplexity).toArray();
    chart.addSeries(name, weights, perplexity).setMarker(SeriesMarkers.NONE);
  }
}

package dev.mneme.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;

/** How tokens a second change with the size of a datastore, both axes logarithmic. */
final class RetrievalChart {

  private RetrievalChart() {}

  /**
   * Writes a PNG.
   *
   * @param constant rates that do not depend on a datastore
   * @param growing rates by keys, for each way to search
   */
  static void write(
      Path file, Map<String, Double> constant, Map<String, Map<Integer, Double>> growing)
      throws IOException {
    XYChart chart =
        new XYChartBuilder()
            .width(900)
            .height(500)
            .xAxisTitle("keys in the datastore")
            .yAxisTitle("tokens a second")
            .build();
    chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true);
    int[] ends =
        growing.values().stream()
            .flatMap(rates -> rates.keySet().stream())
            .mapToInt(Integer::intValue)
            .sorted()
            .toArray();
    constant.forEach(
        (name, rate) ->
            chart.addSeries(
                name, new double[] {ends[0], ends[ends.length - 1]}, new double[] {rate, rate}));
    growing.forEach(
        (name, rates) -> {
          if (!rates.isEmpty()) {
            chart.addSeries(
                "kNN-LM, " + name,
                rates.keySet().stream().mapToDouble(Integer::doubleValue).toArray(),
                rates.values().stream().mapToDouble(Double::doubleValue).toArray());
          }
        });
    BitmapEncoder.saveBitmap(chart, file.toString(), BitmapEncoder.BitmapFormat.PNG);
  }
}

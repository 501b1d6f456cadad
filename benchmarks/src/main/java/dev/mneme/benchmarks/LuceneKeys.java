package dev.mneme.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.store.MMapDirectory;

/**
 * Keys in a Lucene HNSW index of one segment, with Lucene's own settings: what a Java application
 * would take for kNN-LM. A document's number is its key's row.
 */
final class LuceneKeys implements AutoCloseable {

  private static final String FIELD = "key";
  private static final double BUFFER_MB = 2048;

  private final FSDirectory directory;
  private final DirectoryReader reader;
  private final IndexSearcher searcher;
  private final double secondsToBuild;

  private LuceneKeys(FSDirectory directory, double secondsToBuild) throws IOException {
    this.directory = directory;
    this.secondsToBuild = secondsToBuild;
    reader = DirectoryReader.open(directory);
    searcher = new IndexSearcher(reader);
  }

  /** Opens an index of the first keys of a block, built now unless it is there. */
  static LuceneKeys open(Path folder, KeyBlock keys, int size) throws IOException {
    Path done = folder.resolveSibling(folder.getFileName() + ".seconds");
    if (!Files.exists(done)) {
      Files.writeString(done, Double.toString(build(folder, keys, size)));
    }
    return new LuceneKeys(new MMapDirectory(folder), Double.parseDouble(Files.readString(done)));
  }

  private static double build(Path folder, KeyBlock keys, int size) throws IOException {
    long start = System.nanoTime();
    var config = new IndexWriterConfig().setRAMBufferSizeMB(BUFFER_MB);
    config.setOpenMode(IndexWriterConfig.OpenMode.CREATE);
    try (FSDirectory directory = FSDirectory.open(folder);
        var writer = new IndexWriter(directory, config)) {
      for (int row = 0; row < size; row++) {
        var document = new Document();
        document.add(
            new KnnFloatVectorField(FIELD, keys.key(row), VectorSimilarityFunction.EUCLIDEAN));
        writer.addDocument(document);
      }
      writer.forceMerge(1);
    }
    return (System.nanoTime() - start) / 1e9;
  }

  double secondsToBuild() {
    return secondsToBuild;
  }

  /** The nearest keys the index finds; it may miss some. */
  Neighbours nearest(float[] query, int k) throws IOException {
    ScoreDoc[] found = searcher.search(new KnnFloatVectorQuery(FIELD, query, k), k).scoreDocs;
    int[] rows = new int[found.length];
    float[] distances = new float[found.length];
    for (int i = 0; i < found.length; i++) {
      rows[i] = found[i].doc;
      distances[i] = 1 / found[i].score - 1; // the score is 1 / (1 + squared distance)
    }
    return new Neighbours(rows, distances);
  }

  @Override
  public void close() throws IOException {
    reader.close();
    directory.close();
  }
}

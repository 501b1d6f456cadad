package dev.mneme.store.maven;

import com.google.common.hash.Hashing;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A Maven repository on this machine that wants a user name and a password. */
final class TestRepository implements AutoCloseable {

  static final String USER = "clerk";
  static final String PASSWORD = "a secret & more";

  private final HttpServer server;
  private final Map<String, byte[]> files = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private volatile boolean cutting;
  private volatile boolean forbidding;

  TestRepository() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", this::answer);
    server.start();
  }

  String url() {
    return "http://%s:%d/"
        .formatted(
            server.getAddress().getAddress().getHostAddress(), server.getAddress().getPort());
  }

  /** Adds a file with its checksum. */
  @SuppressWarnings("deprecation") // Maven's checksum is SHA-1
  void add(String path, byte[] bytes) {
    addAlone(path, bytes);
    addChecksum(path, Hashing.sha1().hashBytes(bytes).toString());
  }

  void addAlone(String path, byte[] bytes) {
    files.put("/" + path, bytes);
  }

  void addChecksum(String path, String sha1) {
    files.put("/" + path + ".sha1", sha1.getBytes(StandardCharsets.UTF_8));
  }

  /** Whether connections end in the middle of a file. */
  void setCutting(boolean cutting) {
    this.cutting = cutting;
  }

  /** From now on answers nobody, whatever the password. */
  void forbid() {
    forbidding = true;
  }

  /** Paths that were asked for with the right password. */
  List<String> requests() {
    return requests;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String expected =
          "Basic "
              + Base64.getEncoder()
                  .encodeToString((USER + ":" + PASSWORD).getBytes(StandardCharsets.UTF_8));
      if (!expected.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
        exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"packs\"");
        exchange.sendResponseHeaders(401, -1);
        return;
      }
      String path = exchange.getRequestURI().getPath();
      requests.add(path);
      if (forbidding) {
        exchange.sendResponseHeaders(403, -1);
        return;
      }
      byte[] bytes = files.get(path);
      if (bytes == null) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      exchange.sendResponseHeaders(200, bytes.length);
      OutputStream body = exchange.getResponseBody();
      body.write(bytes, 0, cutting ? bytes.length / 2 : bytes.length);
      body.flush();
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}

package dev.mneme.store.hub;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.hash.Hashing;
import com.google.common.primitives.Bytes;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A hub on this machine with one repository, {@code owner/law}, and the storage its large files lie
 * in, on another port. It keeps what it was asked, and fails as it is told.
 */
final class FakeHub implements AutoCloseable {

  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  /** What is done instead of answering a request for a file. */
  interface Fault {
    void answer(HttpExchange exchange, byte[] content) throws IOException;
  }

  /**
   * A request.
   *
   * @param range the header, or empty
   * @param token the header, or empty
   * @param proxyLogin likewise
   */
  record Asked(String path, String range, String token, String proxyLogin, boolean storage) {}

  private final HttpServer hub;
  private final HttpServer storage;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, byte[]> files = new LinkedHashMap<>();
  private final Map<String, Deque<Fault>> faults = new HashMap<>();
  private final List<Asked> asked = new ArrayList<>();
  private @Nullable String listing;

  FakeHub(Path folder) throws IOException {
    try (Stream<Path> list = Files.list(folder)) {
      for (Path file : list.sorted().toList()) {
        files.put(String.valueOf(file.getFileName()), Files.readAllBytes(file));
      }
    }
    var loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    hub = HttpServer.create(loopback, 0);
    hub.setExecutor(threads);
    hub.createContext("/api/models/owner/law/revision/", this::list);
    hub.createContext("/owner/law/resolve/" + COMMIT + "/", this::file);
    hub.start();
    storage = HttpServer.create(loopback, 0);
    storage.setExecutor(threads);
    storage.createContext("/large/", this::large);
    storage.start();
  }

  URI endpoint() {
    return URI.create("http://127.0.0.1:" + hub.getAddress().getPort());
  }

  /** The bytes of a file, which a test may change behind the listing's back. */
  byte[] content(String name) {
    return files.getOrDefault(name, new byte[0]);
  }

  void replace(String name, byte[] content) {
    files.put(name, content);
  }

  void remove(String name) {
    files.remove(name);
  }

  /** What the listing says from now on, whatever the files are then. */
  String freezeListing() {
    listing = describe();
    return listing;
  }

  void setListing(String text) {
    listing = text;
  }

  /** Lets the next requests for a file's content (or for {@code "listing"}) fail, in this order. */
  void fail(String name, Fault... inOrder) {
    faults.computeIfAbsent(name, n -> new ArrayDeque<>()).addAll(Arrays.asList(inOrder));
  }

  List<Asked> asked() {
    synchronized (asked) {
      return List.copyOf(asked);
    }
  }

  List<Asked> asked(String name) {
    return asked().stream().filter(a -> a.path().endsWith("/" + name)).toList();
  }

  static Fault status(int code, String... headers) {
    return (exchange, content) -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().add(headers[i], headers[i + 1]);
      }
      exchange.sendResponseHeaders(code, -1);
    };
  }

  /** Sends what was asked for, but ends the connection after so many bytes. */
  static Fault cutAfter(int bytes) {
    return (exchange, content) -> {
      byte[] rest = ranged(exchange, content);
      exchange.getResponseBody().write(rest, 0, Math.min(bytes, rest.length));
      exchange.getResponseBody().flush();
    };
  }

  /** Sends so many bytes and then nothing more, for a while. */
  static Fault silentAfter(int bytes) {
    return (exchange, content) -> {
      byte[] rest = ranged(exchange, content);
      exchange.getResponseBody().write(rest, 0, Math.min(bytes, rest.length));
      exchange.getResponseBody().flush();
      try {
        Thread.sleep(20_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    };
  }

  /** Sends other bytes, as if they were all of the file. */
  static Fault instead(byte[] other) {
    return (exchange, content) -> {
      exchange.sendResponseHeaders(200, other.length);
      exchange.getResponseBody().write(other);
    };
  }

  /** Sends the file and something more, without saying how long it is. */
  static Fault andMore(byte[] more) {
    return (exchange, content) -> {
      exchange.sendResponseHeaders(200, 0); // in chunks
      exchange.getResponseBody().write(Bytes.concat(content, more));
    };
  }

  private void list(HttpExchange exchange) {
    answer(
        exchange,
        "listing",
        (listing == null ? describe() : listing).getBytes(StandardCharsets.UTF_8));
  }

  /** Small files come from the hub itself, weights from its storage. */
  private void file(HttpExchange exchange) {
    String name = name(exchange);
    byte[] content = files.get(name);
    exchange.getResponseHeaders().add("X-Repo-Commit", COMMIT);
    if (content == null) {
      answer(exchange, name, status(404, "X-Error-Message", "Entry not found"), new byte[0]);
    } else if (isLarge(name)) {
      // By another name of this machine, as storage mostly is on another one.
      String location =
          "http://localhost:%d/large/%s".formatted(storage.getAddress().getPort(), name);
      exchange.getResponseHeaders().add("X-Linked-Etag", '"' + sha256(content) + '"');
      exchange.getResponseHeaders().add("X-Linked-Size", Integer.toString(content.length));
      answer(exchange, name + " at hub", status(302, "Location", location), content);
    } else {
      exchange.getResponseHeaders().add("ETag", '"' + gitBlob(content) + '"');
      answer(exchange, name, content);
    }
  }

  private void large(HttpExchange exchange) {
    answer(exchange, name(exchange), content(name(exchange)));
  }

  private static String name(HttpExchange exchange) {
    String path = exchange.getRequestURI().getPath();
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private static boolean isLarge(String name) {
    return name.endsWith(".safetensors");
  }

  private void answer(HttpExchange exchange, String name, byte[] content) {
    answer(exchange, name, (e, c) -> e.getResponseBody().write(ranged(e, c)), content);
  }

  private void answer(HttpExchange exchange, String name, Fault usual, byte[] content) {
    Headers headers = exchange.getRequestHeaders();
    synchronized (asked) {
      asked.add(
          new Asked(
              exchange.getRequestURI().getPath(),
              headers.getOrDefault("Range", List.of("")).getFirst(),
              headers.getOrDefault("Authorization", List.of("")).getFirst(),
              headers.getOrDefault("Proxy-Authorization", List.of("")).getFirst(),
              exchange.getLocalAddress().getPort() == storage.getAddress().getPort()));
    }
    Deque<Fault> waiting = faults.get(name);
    Fault fault = waiting == null || waiting.isEmpty() ? usual : waiting.removeFirst();
    try (exchange) {
      fault.answer(exchange, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Begins the answer to a request that may ask for a part. */
  private static byte[] ranged(HttpExchange exchange, byte[] content) throws IOException {
    List<String> range = exchange.getRequestHeaders().get("Range");
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().add("Content-Length", Integer.toString(content.length));
      exchange.sendResponseHeaders(200, -1);
      return new byte[0];
    }
    if (range == null) {
      exchange.sendResponseHeaders(200, content.length == 0 ? -1 : content.length);
      return content;
    }
    int from = Integer.parseInt(range.getFirst().replace("bytes=", "").replace("-", ""));
    byte[] rest = Arrays.copyOfRange(content, from, content.length);
    exchange
        .getResponseHeaders()
        .add("Content-Range", "bytes %d-%d/%d".formatted(from, content.length - 1, content.length));
    exchange.sendResponseHeaders(206, rest.length);
    return rest;
  }

  private String describe() {
    ObjectNode json = new JsonMapper().createObjectNode();
    json.put("id", "owner/law").put("sha", COMMIT).put("private", false);
    var siblings = json.putArray("siblings");
    files.forEach(
        (name, content) -> {
          ObjectNode file = siblings.addObject();
          file.put("rfilename", name).put("size", content.length).put("blobId", gitBlob(content));
          if (isLarge(name)) {
            file.putObject("lfs")
                .put("sha256", sha256(content))
                .put("size", content.length)
                .put("pointerSize", 130);
          }
        });
    return json.toString();
  }

  private static String sha256(byte[] content) {
    return Hashing.sha256().hashBytes(content).toString();
  }

  @SuppressWarnings("deprecation") // Git's objects are named by SHA-1
  private static String gitBlob(byte[] content) {
    byte[] header = "blob %d\0".formatted(content.length).getBytes(StandardCharsets.US_ASCII);
    return Hashing.sha1().hashBytes(Bytes.concat(header, content)).toString();
  }

  @Override
  public void close() {
    hub.stop(0);
    storage.stop(0);
    threads.shutdownNow();
  }
}

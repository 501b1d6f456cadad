package dev.mneme.store.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mneme.MnemeException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The proxy variables as curl and Hugging Face's tools read them. */
class ProxyChoiceTest {

  private static final URI HTTP = URI.create("http://hub.example/x");
  private static final URI HTTPS = URI.create("https://hub.example/x");

  private static ProxyChoice of(Map<String, String> environment) {
    return new ProxyChoice(environment, name -> null, Optional.of(ProxySelector.getDefault()));
  }

  private static String proxy(Map<String, String> environment, URI address) {
    return of(environment)
        .ofEnvironment(address)
        .map(proxy -> proxy.host() + ":" + proxy.port())
        .orElse("none");
  }

  @Test
  void eachSchemeHasItsVariableAndAllProxyIsForTheRest() {
    var both = Map.of("HTTP_PROXY", "http://p:1", "HTTPS_PROXY", "http://q:2");
    assertThat(proxy(both, HTTP)).isEqualTo("p:1");
    assertThat(proxy(both, HTTPS)).isEqualTo("q:2");
    var rest = Map.of("ALL_PROXY", "http://a:3", "http_proxy", "http://p:1");
    assertThat(proxy(rest, HTTP)).isEqualTo("p:1");
    assertThat(proxy(rest, HTTPS)).isEqualTo("a:3");
    assertThat(proxy(Map.of(), HTTP)).isEqualTo("none");
  }

  @Test
  void lowerCaseLettersCountMoreAlsoWhenTheyTakeTheProxyAway() {
    assertThat(proxy(Map.of("HTTP_PROXY", "http://p:1", "http_proxy", "http://q:2"), HTTP))
        .isEqualTo("q:2");
    assertThat(proxy(Map.of("HTTPS_PROXY", "http://p:1", "https_proxy", ""), HTTPS))
        .isEqualTo("none");
    assertThat(proxy(Map.of("ALL_PROXY", "http://p:1", "no_proxy", "", "NO_PROXY", "*"), HTTPS))
        .isEqualTo("p:1");
  }

  @Test
  void aProxyThatCannotBeUsedDoesNotMatterForAServerThatIsAskedDirectly() {
    var variables = Map.of("ALL_PROXY", "socks5://p:1", "NO_PROXY", "hub.example");
    assertThat(proxy(variables, HTTPS)).isEqualTo("none");
  }

  @ParameterizedTest
  @CsvSource({
    "proxy.example, proxy.example:1080",
    "proxy.example:3128, proxy.example:3128",
    "HTTP://proxy.example:3128/, proxy.example:3128",
    "http://[::1]:3128, [::1]:3128",
    "http://squid_proxy:3128, squid_proxy:3128",
    "' http://proxy.example:80 ', proxy.example:80"
  })
  void aProxyMayBeWrittenInSeveralWays(String value, String expected) {
    assertThat(proxy(Map.of("HTTP_PROXY", value), HTTP)).isEqualTo(expected);
  }

  @Test
  void userAndPasswordAreReadAndNeverShown() {
    ProxyServer proxy =
        of(Map.of("HTTPS_PROXY", "http://al%40ice:p%3Aa+ss@p:1"))
            .ofEnvironment(HTTPS)
            .orElseThrow();
    assertThat(proxy.login()).contains(new ProxyServer.Login("al@ice", "p:a+ss"));
    assertThat(proxy.toString() + proxy.login()).doesNotContain("p:a+ss");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "socks5://bob:SECRET@p:1",
        "https://bob:SECRET@p:1",
        "http://bob:SECRET@p :1",
        "http://bob:SEC%RET@p:1",
        "http://bob:SE/CRET@p:1",
        "http://:SECRET@:3",
        "http://bob:SECRET@p:70000"
      })
  void aProxyThatCannotBeUsedIsRefusedByVariableWithoutItsText(String value) {
    assertThatThrownBy(() -> of(Map.of("https_proxy", value)).ofEnvironment(HTTPS))
        .isInstanceOf(MnemeException.class)
        .hasMessageContaining("https_proxy")
        .hasMessageNotContainingAny("SEC", "CRET")
        .hasNoCause();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "*|http://hub.example",
        "hub.example|http://hub.example",
        "HUB.Example|http://hub.example",
        "example|http://hub.example",
        ".example|http://hub.example",
        "*.example|http://hub.example",
        "hub.example.|http://hub.example",
        "hub.example|http://hub.example.",
        "a, hub.example ,b|http://hub.example",
        "a hub.example b|http://hub.example",
        "hub.example:8080|http://hub.example:8080",
        "hub.example:80|http://hub.example",
        "hub.example:443|https://hub.example",
        "127.0.0.1|http://127.0.0.1:9000",
        "127.0.0.1:9000|http://127.0.0.1:9000",
        "127.0.0.0/8|http://127.3.2.1",
        "10.1.0.0/15|http://10.0.7.7",
        "0.0.0.0/0|http://10.0.7.7",
        "::1|http://[::1]:9000",
        "[::1]|http://[::1]:9000",
        "[::1]:9000|http://[::1]:9000",
        "0:0:0:0:0:0:0:1|http://[::1]",
        "fd00::/8|http://[fd12::1]",
        "localhost|http://localhost:1"
      })
  void serversOfNoProxyAreAskedDirectly(String noProxy, URI address) {
    var environment = Map.of("ALL_PROXY", "http://p:1", "NO_PROXY", noProxy);
    assertThat(proxy(environment, address)).isEqualTo("none");
    assertThat(of(environment).select(address)).containsExactly(Proxy.NO_PROXY);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "hub|http://hub.example",
        "ub.example|http://hub.example",
        "example.hub|http://hub.example",
        "hub.example:8080|http://hub.example",
        "hub.example:x|http://hub.example",
        "10.0.0.0/8|http://11.0.0.1",
        "10.0.0.0/33|http://10.0.0.1",
        "10.0.0.0/8|http://hub.example",
        "1|http://127.0.0.1",
        "0.1|http://127.0.0.1",
        ".|http://hub.example",
        "127.0.0.1|http://localhost"
      })
  void otherServersAreAskedThroughTheProxy(String noProxy, URI address) {
    assertThat(proxy(Map.of("ALL_PROXY", "http://p:1", "NO_PROXY", noProxy), address))
        .isEqualTo("p:1");
  }

  @Test
  void aRequestsProxyHeaderIsNotTakenForTheVariable() {
    assertThat(proxy(Map.of("HTTP_PROXY", "http://p:1", "REQUEST_METHOD", "GET"), HTTP))
        .isEqualTo("none");
  }

  @Test
  void javasOwnSettingsComeFirst() {
    ProxySelector own =
        new ProxySelector() {
          @Override
          public List<Proxy> select(URI address) {
            return List.of(
                new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved("java", 7)));
          }

          @Override
          public void connectFailed(URI address, SocketAddress proxy, IOException failure) {}
        };
    var environment = Map.of("HTTP_PROXY", "http://p:1");
    var choice = new ProxyChoice(environment, name -> null, Optional.of(own));
    assertThat(choice.select(HTTP).getFirst().address())
        .isEqualTo(InetSocketAddress.createUnresolved("java", 7));
    assertThat(choice.ofEnvironment(HTTP)).isEmpty();
    var set =
        new ProxyChoice(
            environment,
            Map.of("http.proxyHost", "java")::get,
            Optional.of(ProxySelector.getDefault()));
    assertThat(set.ofEnvironment(HTTP)).isEmpty();
    assertThat(set.jdkDecides(HTTP)).isPresent();
    assertThat(set.jdkDecides(HTTPS)).isEmpty();
  }
}

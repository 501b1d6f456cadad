package dev.mneme.store.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Addresses in messages. */
class WebAddressTest {

  @ParameterizedTest
  @CsvSource({
    "https://bob:pw@hub.example:81/a/b?sig=1#x, https://hub.example:81/a/b?...",
    "https://hub.example, https://hub.example",
    "http://token@hub.example/, http://hub.example/"
  })
  void anAddressIsShownWithoutSecrets(URI address, String shown) {
    assertThat(WebAddress.display(address)).isEqualTo(shown);
  }

  @ParameterizedTest
  @CsvSource({
    "cannot get https://bob:pw@hub/x now, cannot get https://***@hub/x now",
    "https://bob:p@ss@hub/x, https://***@hub/x",
    "https://bob:p/ss@hub/x, https://***@hub/x",
    "https://token@hub/x, https://***@hub/x",
    "https://hub/x?token=1 and http://b:c@d/?e=f., https://hub/x?... and http://***@d/?...",
    "https://hub/models/@scope/x, https://hub/models/@scope/x",
    "no address a@b, no address a@b"
  })
  void secretsOfAddressesInATextAreReplaced(String text, String redacted) {
    assertThat(WebAddress.redact(text)).isEqualTo(redacted);
  }

  @Test
  void aServerIsNamedWithItsPort() {
    assertThat(WebAddress.server(URI.create("https://hub.example/x"))).isEqualTo("hub.example:443");
    assertThat(WebAddress.server(URI.create("http://u:p@h:8080"))).isEqualTo("h:8080");
  }

  @Test
  void userAndPasswordAreTakenOutOfAnAddress() {
    assertThat(WebAddress.withoutLogin(URI.create("http://a:b@h:8/p?q")))
        .isEqualTo(URI.create("http://h:8/p?q"));
  }
}

/**
 * A conversation on its way to ids. There is no call for conversations yet; this program shows it
 * once there is one. Arguments: HOST ROLE CONTENT [ROLE CONTENT ...]
 */
public class Chat {
  public static void main(String[] args) {
    System.err.println("Mneme has no call for conversations yet");
    System.exit(1);
  }
}

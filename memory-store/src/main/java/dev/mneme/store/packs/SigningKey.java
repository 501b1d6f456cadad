package dev.mneme.store.packs;

import dev.mneme.FailureText;
import dev.mneme.MalformedFileException;
import dev.mneme.MnemeException;
import dev.mneme.store.files.RegularFiles;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.List;

/**
 * A signer's key on disk: the private key, PKCS #8 in base64, in a file that its owner alone can
 * read, and beside it, with {@code .pub} added to the name, the line that others put among their
 * trusted keys.
 */
public final class SigningKey {

  private SigningKey() {}

  /**
   * Makes a new key.
   *
   * @throws MnemeException if one of the files exists or cannot be written
   */
  public static TrustedKey create(Path file, String signer) {
    try {
      KeyPair keys = KeyPairGenerator.getInstance(PackSignature.ALGORITHM).generateKeyPair();
      Base64.Encoder base64 = Base64.getEncoder();
      var key = new TrustedKey(base64.encodeToString(keys.getPublic().getEncoded()), signer);
      if (Files.getFileStore(file.toAbsolutePath().resolveSibling(".").normalize())
          .supportsFileAttributeView("posix")) {
        Files.createFile(
            file,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      } else {
        Files.createFile(file);
      }
      Files.writeString(file, base64.encodeToString(keys.getPrivate().getEncoded()) + "\n");
      Files.writeString(publicFile(file), key.toLine() + "\n", StandardOpenOption.CREATE_NEW);
      return key;
    } catch (FileAlreadyExistsException e) {
      throw new MnemeException(
          "%s exists already; a key that is written over is lost".formatted(e.getFile()), e);
    } catch (IOException e) {
      throw new MnemeException("cannot write the key %s: %s".formatted(file, FailureText.of(e)), e);
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java platform since 15 has Ed25519", e);
    }
  }

  /**
   * Signs a manifest with a key on disk.
   *
   * @param manifestBytes the content of {@code pack.json}
   * @param notAfter when the signature ends
   * @throws MalformedFileException if a file is no key
   * @throws MnemeException if a file cannot be read
   */
  public static PackSignature sign(byte[] manifestBytes, Path file, Instant notAfter) {
    List<TrustedKey> own = TrustedKey.read(publicFile(file));
    if (own.size() != 1) {
      throw new MnemeException(
          "%s holds %d keys, expected the one that belongs to %s"
              .formatted(publicFile(file), own.size(), file));
    }
    try {
      byte[] encoded =
          Base64.getDecoder().decode(RegularFiles.readText(file, TrustedKey.MOST_BYTES).strip());
      KeyFactory factory = KeyFactory.getInstance(PackSignature.ALGORITHM);
      var keys =
          new KeyPair(
              PackSignature.publicKey(own.getFirst().key()),
              factory.generatePrivate(new PKCS8EncodedKeySpec(encoded)));
      PackSignature signature =
          PackSignature.sign(manifestBytes, own.getFirst().signer(), notAfter, keys);
      if (!signature.isGenuine()) {
        throw new MalformedFileException(
            "%s and %s are not of one pair".formatted(file, publicFile(file)));
      }
      return signature;
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new MalformedFileException(
          "%s: expected an Ed25519 private key, PKCS #8 in base64".formatted(file), e);
    }
  }

  private static Path publicFile(Path file) {
    return file.resolveSibling(file.getFileName() + ".pub");
  }
}

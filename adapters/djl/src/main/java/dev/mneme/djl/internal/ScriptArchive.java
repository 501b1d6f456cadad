package dev.mneme.djl.internal;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Packs TorchScript text into the archive that PyTorch loads as a module: a zip of stored entries
 * with the code, a pickle that makes an object of its class, an empty tuple of constants and the
 * format's version. The module has no tensors of its own; they are arguments of its methods.
 *
 * <p>The format is the one PyTorch's torch/csrc/jit/serialization documents and reads.
 */
final class ScriptArchive {

  private static final String VERSION = "10\n";

  private ScriptArchive() {}

  /**
   * The archive as bytes.
   *
   * @param className the class in {@code code}, derived from {@code Module}
   * @param code TorchScript in its serialised form
   */
  static byte[] of(String className, String code) {
    var entries = new LinkedHashMap<String, byte[]>();
    entries.put("data.pkl", object(className));
    entries.put("code/__torch__.py", code.getBytes(StandardCharsets.UTF_8));
    entries.put("constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
    entries.put("version", VERSION.getBytes(StandardCharsets.US_ASCII));
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      zip.setMethod(ZipOutputStream.STORED);
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        var crc = new CRC32();
        crc.update(entry.getValue());
        var header = new ZipEntry("module/" + entry.getKey());
        header.setSize(entry.getValue().length);
        header.setCrc(crc.getValue());
        zip.putNextEntry(header);
        zip.write(entry.getValue());
        zip.closeEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail
    }
    return bytes.toByteArray();
  }

  /** A pickle (protocol 2) of an object of the class whose state is {@code {training: False}}. */
  private static byte[] object(String className) {
    var out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {(byte) 0x80, 2}); // PROTO 2
    out.writeBytes(
        ("c__torch__\n" + className + "\n").getBytes(StandardCharsets.US_ASCII)); // GLOBAL
    out.write(')'); // EMPTY_TUPLE
    out.write(0x81); // NEWOBJ
    out.write('}'); // EMPTY_DICT
    out.write('('); // MARK
    byte[] name = "training".getBytes(StandardCharsets.US_ASCII);
    out.write('X'); // BINUNICODE
    out.writeBytes(
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(0, name.length).array());
    out.writeBytes(name);
    out.write(0x89); // NEWFALSE
    out.write('u'); // SETITEMS
    out.write('b'); // BUILD
    out.write('.'); // STOP
    return out.toByteArray();
  }
}

/**
 * Frames bound to their socket. Each one is the bytes the server expects:
 *
 *   16 bytes, big-endian: "FGF2", uint32 sequence number, float64 capture time in ms of `performance.now()`
 *   16 bytes: the start of HMAC-SHA256 over those 16 bytes and the JPEG, with the key of `session.ready`
 *   the JPEG
 *
 * The key cannot be read back out of the browser's key store, and is good for one socket.
 */

export const HEADER_BYTES = 32;
const SIGNED_BYTES = 16;
const MAGIC = [0x46, 0x47, 0x46, 0x32];

export class FrameSealer {
  /** @param {string} keyText base64url, from `session.ready` */
  constructor(keyText) {
    const text = keyText.replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    this.key = crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  }

  /** Header, tag and JPEG (ArrayBuffer) in one ArrayBuffer. */
  async seal(sequence, captureMs, jpeg) {
    // What is signed lies together: first the header's own part, then the JPEG.
    const signed = new Uint8Array(SIGNED_BYTES + jpeg.byteLength);
    const view = new DataView(signed.buffer);
    signed.set(MAGIC, 0);
    view.setUint32(4, sequence);
    view.setFloat64(8, captureMs);
    signed.set(new Uint8Array(jpeg), SIGNED_BYTES);
    const tag = new Uint8Array(await crypto.subtle.sign("HMAC", await this.key, signed));
    const message = new Uint8Array(HEADER_BYTES + jpeg.byteLength);
    message.set(signed.subarray(0, SIGNED_BYTES), 0);
    message.set(tag.subarray(0, HEADER_BYTES - SIGNED_BYTES), SIGNED_BYTES);
    message.set(signed.subarray(SIGNED_BYTES), HEADER_BYTES);
    return message.buffer;
  }
}

/** Parts of a body as one array with memory of its own, which a store may keep. */

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  // Not zeroed and not of Node's pool: every byte is written here, and a small slice would keep all of the pool.
  const buffer = Buffer.allocUnsafeSlow(parts.reduce((bytes, part) => bytes + part.length, 0));
  const whole = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

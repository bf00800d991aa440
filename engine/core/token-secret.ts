/**
 * What the holder of an access token has: a text nobody can guess. What anybody else has is its SHA-256, which is enough to
 * know it again: 256 random bits need no slow hash and no salt.
 */

const SECRET_BYTES = 32;
const SECRET_MARK = 'tailrace_';

/** Shorter ones could be guessed, longer ones are none of ours. */
const SECRET_LENGTH_MIN = 32;
const SECRET_LENGTH_MAX = 512;

/** `bytes` gives random ones. The mark lets tools that look for leaked secrets know one when they see it. */
export function newSecret(bytes: (length: number) => Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes(SECRET_BYTES)));
  return SECRET_MARK + text.replaceAll('+', '-').replaceAll('/', '_').replace('=', '');
}

/** Why this can be nobody's secret, without looking for it; null when it may be somebody's. */
export function secretProblem(text: string): string | null {
  if (text.length < SECRET_LENGTH_MIN || text.length > SECRET_LENGTH_MAX) {
    return `an access token has ${SECRET_LENGTH_MIN} to ${SECRET_LENGTH_MAX} characters`;
  }
  return /^[\x21-\x7e]*$/.test(text) ? null : 'an access token has no spaces and no letters beyond ASCII';
}

/** What is hashed. Only for a text without a problem. */
export function secretBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

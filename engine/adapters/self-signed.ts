/**
 * A certificate that nobody vouches for, made anew at every start: TLS for trying things out, without files to keep.
 *
 * X.509 version 3 (RFC 5280) in DER, ECDSA over P-256. It is for `localhost`, the loopback addresses and the host that is
 * served; clients have to be told not to verify it.
 */

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

import type { TlsIdentity } from './http-listener.ts';

const DAY_MS = 24 * 3_600_000;

/** Valid from an hour ago, for clocks that are behind, for `days`. `host` is a name or an address. */
export function selfSigned(host: string, nowMs = Date.now(), days = 397): TlsIdentity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const name = sequence(set(sequence(oid('550403'), tagged(0x0c, Buffer.from('tailrace, self-signed')))));
  const validity = sequence(time(nowMs - 3_600_000), time(nowMs + days * DAY_MS));
  const serial = integer(Buffer.concat([Buffer.from([1]), randomBytes(15)]));
  const version = tagged(0xa0, integer(Buffer.from([2])));
  const publicInfo = publicKey.export({ type: 'spki', format: 'der' });
  const extensions = tagged(0xa3, sequence(alternativeNames(host)));
  const content = sequence(version, serial, ECDSA_SHA256, name, validity, name, publicInfo, extensions);
  const signature = tagged(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', content, privateKey)]));
  const der = sequence(content, ECDSA_SHA256, signature);
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));

/** The extension subjectAltName: the only place where clients look for the server's name. */
function alternativeNames(host: string): Buffer {
  const addresses = [Buffer.from([127, 0, 0, 1]), Buffer.concat([Buffer.alloc(15), Buffer.from([1])])];
  const names = ['localhost'];
  if (isIP(host) === 4) addresses.push(Buffer.from(host.split('.').map(Number)));
  else if (isIP(host) === 0) names.push(host);
  const list = sequence(
    ...names.map((name) => tagged(0x82, Buffer.from(name))),
    ...addresses.map((address) => tagged(0x87, address)),
  );
  return sequence(oid('551d11'), tagged(0x04, list));
}

/** Years up to 2049 have to be UTCTime, later ones GeneralizedTime (RFC 5280 §4.1.2.5). */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return digits < '2050' ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits));
}

function sequence(...parts: Uint8Array[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function set(...parts: Uint8Array[]): Buffer {
  return tagged(0x31, Buffer.concat(parts));
}

/** Bytes of a positive number, most significant first. */
function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

function tagged(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

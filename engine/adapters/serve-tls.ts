/**
 * TLS as a server was told to serve it: with a certificate from files, which is renewed by replacing them, with one that is made
 * at the start, or not at all.
 */

import type { HttpServer, TlsRules } from './node-http.ts';
import { selfSigned } from './self-signed.ts';
import { readTlsFiles, watchTlsFiles } from './tls-files.ts';

export interface TlsOptions {
  host: string;
  tlsCert?: string;
  tlsKey?: string;
  tlsSelf?: boolean;
  tlsMin?: '1.2' | '1.3';
  tlsPlaintext?: 'refuse' | 'redirect';
}

export interface ServedTls {
  kind: 'files' | 'self-signed';
  rules: TlsRules;
  /** Gives the server every new pair that works, and tells of it, until the returned function is called. */
  watch(server: HttpServer, tell: { changed: (words: string) => void; problem: (words: string) => void }): () => void;
}

/** Null for plain text. Throws a TlsFilesError. */
export async function servedTls(options: TlsOptions): Promise<ServedTls | null> {
  const { host, tlsCert: cert, tlsKey: key, tlsSelf, tlsMin = '1.2', tlsPlaintext: plaintext = 'refuse' } = options;
  const rules = { minVersion: `TLSv${tlsMin}`, plaintext } as const;
  if (tlsSelf === true) {
    return { kind: 'self-signed', rules: { ...selfSigned(host), ...rules }, watch: () => () => undefined };
  }
  if (cert === undefined || key === undefined) return null;
  const identity = await readTlsFiles({ cert, key });
  return {
    kind: 'files',
    rules: { ...identity, ...rules },
    watch: (server, { changed, problem }) =>
      watchTlsFiles({ cert, key }, identity, {
        onChange: (renewed) => {
          server.renew(renewed);
          changed(`${cert} has changed; new connections get the new certificate`);
        },
        onProblem: (message) => problem(`${message}; the certificate of before is served on`),
      }),
  };
}

/**
 * Where a store is, in one word: `memory:`, `file:PATH`, or `s3://bucket/prefix` with options in the query.
 *
 * Everything wrong with such a word is said here, in one line that shows how to write it right. Secrets have no
 * place in it, because command lines are seen by everybody on a machine.
 */

import { fileURLToPath } from 'node:url';

import type { S3Options } from './s3-client.ts';

export type StoreUrl = { kind: 'memory' } | { kind: 'file'; path: string } | { kind: 's3'; options: S3Options };

/** The word does not name a store. */
export class StoreUrlError extends Error {
  override name = 'StoreUrlError';
}

const SHAPES = 'memory:, file:PATH or s3://BUCKET/PREFIX';

/** S3 allows 1024 bytes for a key, the store's own names take 512 of them. */
const PREFIX_BYTES_MAX = 500;

/** Throws a StoreUrlError. */
export function parseStoreUrl(text: string): StoreUrl {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase();
  switch (scheme) {
    case 'memory':
      if (text.length > 'memory:'.length) throw wrong(text, 'a store in memory has no path: write memory:');
      return { kind: 'memory' };
    case 'file':
      return { kind: 'file', path: filePath(text) };
    case 's3':
      return { kind: 's3', options: s3Options(text) };
    case undefined:
      throw wrong(text, text === '' ? `write ${SHAPES}` : `for a folder write file:${text}`);
    default:
      throw wrong(text, `there is no ${scheme}: store; write ${SHAPES}`);
  }
}

/** `file:` and a path as it is, or `file:///` and an absolute path as URLs write it. */
function filePath(text: string): string {
  const rest = text.slice('file:'.length);
  if (rest === '') throw wrong(text, 'the path of a folder is missing: write file:PATH');
  if (!rest.startsWith('//')) return rest;
  try {
    return fileURLToPath(text);
  } catch {
    throw wrong(text, 'write file:PATH, or file:///PATH with three slashes for an absolute path');
  }
}

function s3Options(text: string): S3Options {
  const match = /^s3:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(text);
  if (match === null) throw wrong(text, 'write s3://BUCKET/PREFIX');
  const [, bucket = '', path = '', query = ''] = match;
  if (bucket.includes('@')) {
    throw wrong(
      text.replace(/\/\/[^@]*@/, '//…@'),
      'credentials belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile',
    );
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/.test(bucket)) {
    throw wrong(
      text,
      bucket === '' ? 'the bucket is missing: write s3://BUCKET/PREFIX' : `${bucket} is no name of a bucket`,
    );
  }
  return { bucket, prefix: prefixOf(text, path), ...queryOptions(text, query) };
}

function prefixOf(text: string, path: string): string {
  const segments = path.replace(/\/$/, '').split('/');
  if (path === '') return '';
  if (!segments.every((segment) => /^[A-Za-z0-9._=-]+$/.test(segment) && !/^\.{1,2}$/.test(segment))) {
    throw wrong(text, 'the prefix is made of letters, digits and . _ = - with one / between');
  }
  const prefix = `${segments.join('/')}/`;
  if (prefix.length > PREFIX_BYTES_MAX) throw wrong(text, `the prefix has more than ${PREFIX_BYTES_MAX} characters`);
  return prefix;
}

type QueryOptions = Omit<S3Options, 'bucket' | 'prefix'>;

/** What the query may hold, and how each word becomes an option. */
const QUERY: Readonly<Record<string, { shape: string; read: (word: string) => QueryOptions | null }>> = {
  endpoint: { shape: 'an http or https URL, such as http://127.0.0.1:9000', read: endpointOption },
  region: { shape: 'the name of a region', read: (region) => (/^[a-z0-9-]+$/i.test(region) ? { region } : null) },
  'path-style': {
    shape: 'true or false',
    read: (word) => (word === 'true' || word === 'false' ? { pathStyle: word === 'true' } : null),
  },
  checksums: {
    shape: 'when-required or when-supported',
    read: (word) => (word === 'when-required' || word === 'when-supported' ? { checksums: word } : null),
  },
  listing: {
    shape: 'sorted or unsorted',
    read: (word) => (word === 'sorted' || word === 'unsorted' ? { listing: word } : null),
  },
};

function queryOptions(text: string, query: string): QueryOptions {
  const params = new URLSearchParams(query);
  const options: QueryOptions = {};
  for (const name of new Set(params.keys())) {
    const known = Object.hasOwn(QUERY, name) ? QUERY[name] : undefined;
    if (known === undefined) throw wrong(text, `the query knows ${Object.keys(QUERY).join(', ')}, not ${name}`);
    const words = params.getAll(name);
    const option = words.length === 1 ? known.read(words[0] ?? '') : null;
    if (option === null) throw wrong(text, `${name} is ${known.shape}`);
    Object.assign(options, option);
  }
  return options;
}

function endpointOption(word: string): QueryOptions | null {
  if (!URL.canParse(word)) return null;
  const url = new URL(word);
  const isPlain = /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '';
  return isPlain ? { endpoint: word.replace(/\/+$/, '') } : null;
}

function wrong(text: string, remedy: string): StoreUrlError {
  return new StoreUrlError(`${JSON.stringify(text)} does not name a store: ${remedy}`);
}

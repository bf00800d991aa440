/**
 * Histories whose file name is their verdict and its reason: `ok-…`, `illegal-<code>…`, `malformed-line-<n>-…`, with
 * `strict-` in front for those judged by S2's own token rule. Those of our own format are in a folder of their own.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkExtendedStream } from './extended/check.ts';
import { parseExtended } from './formats/extended-jsonl.ts';
import type { History } from './history.ts';
import { parseHistory } from './formats/jsonl.ts';
import { MalformedHistory } from './malformed.ts';
import { checkOperations } from './wgl/check-operations.ts';
import { streamModel, streamOperations } from './models/stream.ts';
import { checkStream } from './sweep/sweep.ts';

const FOLDER = new URL('testdata/', import.meta.url);
const names = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.jsonl'))
  .map((name) => name.slice(0, -'.jsonl'.length))
  .sort();

function read(name: string): ReturnType<typeof parseHistory> {
  return parseHistory(readFileSync(new URL(`${name}.jsonl`, FOLDER), 'utf8'));
}

function readWellFormed(name: string): History {
  const parsed = read(name);
  if (parsed.kind === 'malformed') throw new Error(`line ${parsed.line}: ${parsed.message}`);
  return parsed.history;
}

describe('the file name is the verdict:', () => {
  const judged = names.filter((name) => !name.startsWith('malformed-'));

  test.each(judged)('%s', (name) => {
    const strictS2 = name.startsWith('strict-');
    const expected = name.replace(/^strict-/, '');
    const history = readWellFormed(name);
    const verdict = checkStream(history, { strictS2 });
    const said = verdict.verdict === 'illegal' ? `illegal-${verdict.violation.code}` : verdict.verdict;
    expect(`${expected}-`.startsWith(`${said}-`), `the sweep says ${said}`).toBe(true);
    const searched = checkOperations(streamModel({ strictS2 }), streamOperations(history));
    expect(searched.verdict).toBe(verdict.verdict);
  });

  test('every code of a violation has a file', () => {
    const codes = new Set(
      judged.flatMap((name) => {
        const verdict = checkStream(readWellFormed(name), { strictS2: name.startsWith('strict-') });
        return verdict.verdict === 'illegal' ? [verdict.violation.code] : [];
      }),
    );
    expect(codes.size).toBe(17);
  });

  test.each(names.filter((name) => name.startsWith('malformed-')))('%s', (name) => {
    expect(read(name)).toMatchObject({ kind: 'malformed', line: Number(name.split('-')[2]) });
  });
});

describe('in our own format too:', () => {
  const own = readdirSync(new URL('extended/', FOLDER)).sort();

  test.each(own)('%s', (name) => {
    const said = saidOf(readFileSync(new URL(`extended/${name}`, FOLDER), 'utf8'));
    expect(name.startsWith(`${said}-`), `it is ${said}`).toBe(true);
  });

  function saidOf(text: string): string {
    const parsed = parseExtended(text);
    if (parsed.kind === 'malformed') return `malformed-line-${parsed.line}`;
    try {
      const verdict = checkExtendedStream(parsed.history, parsed.header);
      return verdict.verdict === 'illegal' ? `illegal-${verdict.violation.code}` : verdict.verdict;
    } catch (error) {
      if (!(error instanceof MalformedHistory)) throw error;
      // The header is the first line.
      return `malformed-line-${error.line + 1}`;
    }
  }
});

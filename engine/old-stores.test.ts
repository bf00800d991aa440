/**
 * Whole stores as older builds left them, with a log, a checkpoint and segments (`testing/old-stores/v<version>.json`, never
 * written again): this build takes them over, shows what is in them, and goes on with them; what it writes is of its own version.
 */

import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { ROOT_SCOPE } from './core/access.ts';
import { FORMAT_VERSION } from './core/format-version.ts';
import { BASIN, batch, engineBench, FROM_START, STREAM } from './testing/engine-bench.ts';
import type { StoredObjects } from './testing/manual-ports.ts';

function objectsOf(version: number): StoredObjects {
  const text = readFileSync(new URL(`./testing/old-stores/v${version}.json`, import.meta.url), 'utf8');
  const { objects } = JSON.parse(text) as { objects: Record<string, string> };
  return new Map(Object.entries(objects).map(([key, bytes]) => [key, new Uint8Array(Buffer.from(bytes, 'base64'))]));
}

const versionsOf = (objects: StoredObjects) =>
  new Set([...objects].filter(([key]) => /^(wal|ckpt|seg|meta)\//.test(key)).map(([, bytes]) => bytes[4]));

describe.each([4])('a store of version %i', (version) => {
  test('shows its basins, streams and records, those in segments too', async () => {
    const objects = objectsOf(version);
    expect(versionsOf(objects)).toEqual(new Set([version]));
    const bench = await engineBench({ objects, seed: 2, stream: false });
    expect(await bench.bodies()).toEqual(['one', 'two', 'three, in the log']);
    const other = await bench.engine.read(BASIN, 'other', FROM_START);
    expect(other).toMatchObject({ kind: 'batch', records: [{ seqNum: 0 }, { seqNum: 1 }, { seqNum: 2 }] });
    const listed = await bench.engine.listBasins({ prefix: '', startAfter: '', limit: 10 });
    expect(listed).toMatchObject({ kind: 'page', page: { rows: [{ name: BASIN }, { name: 'basin-02' }] } });
  });

  test('goes on: what is new is kept beside what is old, over checkpoints and owners', async () => {
    const first = await engineBench({ objects: objectsOf(version), seed: 2, stream: false });
    await first.engine.append(BASIN, STREAM, batch('four'));
    const token = { id: 'a', expiresAtMs: null, autoPrefixStreams: false, namespace: '', scope: ROOT_SCOPE };
    const issued = await first.engine.issueToken(token);
    if (issued.kind !== 'issued') throw new Error(issued.kind);
    const log = await engineBench({ objects: new Map(first.blobs.objects), seed: 3, stream: false });
    await first.engine.flush();
    const checkpoint = await engineBench({ objects: new Map(first.blobs.objects), seed: 4, stream: false });
    for (const next of [log, checkpoint]) {
      expect(await next.bodies()).toEqual(['one', 'two', 'three, in the log', 'four']);
      expect((await next.engine.authenticate(issued.secret)).kind).toBe('grant');
    }
    expect(versionsOf(first.blobs.objects)).toContain(FORMAT_VERSION);
    // Its marker is put once and never again.
    expect(new TextDecoder().decode(first.blobs.objects.get('format'))).toContain(`"version":${version}`);
  });
});

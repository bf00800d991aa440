/** The marker that says whose store this is. */

import { describe, expect, test } from 'vitest';

import { FORMAT_VERSION } from '../core/format-version.ts';
import { PROMPT, RETRY_MS } from '../testing/log-bench.ts';
import { DENIED, type ManualPorts, manualPorts, settled, TIMEOUT } from '../testing/manual-ports.ts';
import { READINGS_MAX } from './format.ts';
import { claimFormat } from './format-object.ts';

function store(content: Record<string, string>): ManualPorts {
  const ports = manualPorts();
  for (const [key, text] of Object.entries(content)) ports.blobs.objects.set(key, new TextEncoder().encode(text));
  return ports;
}

const MARKER = `{"store":"tailrace","version":${FORMAT_VERSION},"windowSlots":64}`;

function markerOf(ports: ManualPorts): string {
  return new TextDecoder().decode(ports.blobs.objects.get('format'));
}

test('an empty store is marked with version and window', async () => {
  const ports = store({});
  await claimFormat(ports, PROMPT);
  expect(markerOf(ports)).toBe(MARKER);
});

test('a marked store is accepted with one get', async () => {
  const ports = store({ format: MARKER, 'wal/00000000000000000000': 'x' });
  await claimFormat(ports, PROMPT);
  expect(ports.blobs.calls.map((c) => c.operation)).toEqual(['get']);
});

test('a marker that comes damaged is got again before it is believed', async () => {
  const ports = store({ format: MARKER });
  const { objects } = ports.blobs;
  const sound = objects.get('format') as Uint8Array;
  ports.blobs.holds = () => true;
  const claimed = claimFormat(ports, PROMPT);
  for (let reading = 1; reading < READINGS_MAX; reading++) {
    await settled();
    objects.set('format', sound.with(reading, 0));
    await ports.blobs.held()[0]?.complete();
  }
  await settled();
  objects.set('format', sound);
  await ports.blobs.held()[0]?.complete();
  await claimed;
  expect(ports.telemetry.count('takeover.damage-reread')).toBe(READINGS_MAX - 1);
});

test('what the conformance probe left behind is no stranger, however much it is', async () => {
  const leftovers = Array.from({ length: 1500 }, (_, index) => [`probe/${index}`, 'x']);
  const ports = store(Object.fromEntries(leftovers));
  await claimFormat(ports, PROMPT);
  expect(markerOf(ports)).toBe(MARKER);
  const foreign = store({ 'probe/result-v1': '{}', 'zoo.jpg': 'x' });
  await expect(claimFormat(foreign, PROMPT)).rejects.toThrow('holds `zoo.jpg` but no `format` marker');
});

describe('refused', () => {
  test.each([
    [
      'a store that holds other things and no marker',
      { 'holiday.jpg': 'x' },
      'holds `holiday.jpg` but no `format` marker',
    ],
    ['a marker that is not JSON', { format: 'not json' }, 'object `format` is not the marker of a Tailrace store'],
    [
      'a marker of something else',
      { format: '{"store":"other"}' },
      'object `format` is not the marker of a Tailrace store',
    ],
    [
      'a marker that is JSON but no object',
      { format: 'null' },
      'object `format` is not the marker of a Tailrace store',
    ],
    [
      'a future version',
      { format: '{"store":"tailrace","version":9999,"windowSlots":64}' },
      'object `format` says that the store has format version 9999; this build reads',
    ],
    [
      'another window',
      { format: `{"store":"tailrace","version":${FORMAT_VERSION},"windowSlots":16}` },
      'object `format` says that the store has a window of 16 slots',
    ],
  ])('%s, and nothing is written', async (_, content, message) => {
    const ports = store(content as Record<string, string>);
    const before = [...ports.blobs.objects.keys()];
    await expect(claimFormat(ports, PROMPT)).rejects.toMatchObject({
      name: 'ForeignStore',
      message: expect.stringContaining(message),
    });
    expect([...ports.blobs.objects.keys()]).toEqual(before);
  });

  test('a store that denies access, which is not called foreign', async () => {
    const ports = store({});
    ports.blobs.holds = () => true;
    const claim = claimFormat(ports, PROMPT);
    claim.catch(() => {});
    await ports.blobs.heldOn('get', 'format').reply({ kind: 'failed', fault: DENIED });
    await expect(claim).rejects.toMatchObject({ name: 'StoreRefused', fault: DENIED });
  });
});

describe('a store that is away or contended', () => {
  test('is waited for', async () => {
    const ports = store({});
    ports.blobs.holds = () => true;
    const claim = claimFormat(ports, PROMPT);
    await ports.blobs.heldOn('get', 'format').reply({ kind: 'failed', fault: TIMEOUT });
    await ports.clock.advance(RETRY_MS);
    ports.blobs.holds = () => false;
    await ports.blobs.heldOn('get', 'format').complete();
    await claim;
    expect(markerOf(ports)).toBe(MARKER);
  });

  test('a marker whose put ended unknown but landed is found', async () => {
    const ports = store({});
    ports.blobs.holds = ({ operation }) => operation === 'putIfAbsent';
    const claim = claimFormat(ports, PROMPT);
    await settled();
    ports.blobs.heldOn('putIfAbsent', 'format').effect();
    await ports.blobs.heldOn('putIfAbsent', 'format').reply({ kind: 'unknown', fault: TIMEOUT });
    await ports.clock.advance(RETRY_MS);
    await claim;
  });

  test("a rival's marker and first objects, written between two looks, are no stranger", async () => {
    const ports = store({});
    ports.blobs.holds = ({ operation }) => operation === 'list';
    const claim = claimFormat(ports, PROMPT);
    await settled();
    ports.blobs.objects.set('format', new TextEncoder().encode(MARKER));
    ports.blobs.objects.set('wal/00000000000000000000', new Uint8Array(64));
    await ports.blobs.heldOn('list', '').complete();
    await claim;
    expect(markerOf(ports)).toBe(MARKER);
  });

  test("a rival's marker of another version, written between two looks, is refused", async () => {
    const ports = store({});
    ports.blobs.holds = ({ operation }) => operation === 'putIfAbsent';
    const claim = claimFormat(ports, PROMPT);
    claim.catch(() => {});
    await settled();
    ports.blobs.objects.set('format', new TextEncoder().encode('{"store":"tailrace","version":9999,"windowSlots":64}'));
    await ports.blobs.heldOn('putIfAbsent', 'format').complete();
    await expect(claim).rejects.toThrow('format version 9999');
  });
});

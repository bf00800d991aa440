/** Resolution of configurations, PATCH with three values, and what counts as equal (API contract §3.1-§3.4). */

import { describe, expect, test } from 'vitest';

import {
  basinConfig,
  NO_WISH,
  patchBasin,
  patchStream,
  resolveStream,
  retentionAgeMs,
  S2_BASIN_CONFIG,
  S2_STREAM_CONFIG,
  sameBasin,
  sameStream,
  type StreamConfig,
} from './config.ts';

/** A value for every part that is nobody's default. */
const OTHER: StreamConfig = {
  storageClass: 'standard',
  retentionAgeS: 'infinite',
  timestampingMode: 'arrival',
  timestampingUncapped: true,
  deleteOnEmptyMinAgeS: 60,
};
const PARTS = Object.keys(OTHER) as (keyof StreamConfig)[];

describe('resolution', () => {
  test('a stream nobody says anything of has the configuration of S2: express, 7 days, client-prefer, capped, kept', () => {
    expect(resolveStream(NO_WISH, NO_WISH)).toEqual({
      storageClass: 'express',
      retentionAgeS: 7 * 86_400,
      timestampingMode: 'client-prefer',
      timestampingUncapped: false,
      deleteOnEmptyMinAgeS: 0,
    });
  });

  test.each(PARTS)("%s: the request's word goes before the basin's, the basin's before S2's", (part) => {
    const said = { ...NO_WISH, [part]: OTHER[part] };
    expect(resolveStream(NO_WISH, said)).toEqual({ ...S2_STREAM_CONFIG, [part]: OTHER[part] });
    expect(resolveStream(said, NO_WISH)).toEqual({ ...S2_STREAM_CONFIG, [part]: OTHER[part] });
    const own = { ...NO_WISH, [part]: S2_STREAM_CONFIG[part] };
    expect(resolveStream(own, said)).toEqual(S2_STREAM_CONFIG);
  });

  test('an explicit zero or false is a word: it goes before a default that is not zero', () => {
    const said = { ...NO_WISH, deleteOnEmptyMinAgeS: 0, timestampingUncapped: false };
    const resolved = resolveStream(said, OTHER);
    expect([resolved.deleteOnEmptyMinAgeS, resolved.timestampingUncapped]).toEqual([0, false]);
  });
});

describe('PATCH of a stream', () => {
  test('that names nothing changes nothing', () => {
    expect(patchStream(OTHER, {}, NO_WISH)).toEqual(OTHER);
  });

  test.each(PARTS)('of %s leaves the other parts alone', (part) => {
    expect(patchStream(S2_STREAM_CONFIG, { [part]: OTHER[part] }, NO_WISH)).toEqual({
      ...S2_STREAM_CONFIG,
      [part]: OTHER[part],
    });
  });

  test.each(PARTS)("that clears %s gives it the basin's default of today, else S2's", (part) => {
    const cleared = { [part]: null };
    const defaults = { ...NO_WISH, [part]: OTHER[part] };
    expect(patchStream(S2_STREAM_CONFIG, cleared, defaults)).toEqual({ ...S2_STREAM_CONFIG, [part]: OTHER[part] });
    expect(patchStream(OTHER, cleared, NO_WISH)).toEqual({ ...OTHER, [part]: S2_STREAM_CONFIG[part] });
  });
});

describe('PATCH of a basin', () => {
  const basin = basinConfig({ defaultStreamConfig: OTHER, streamCipher: 'aegis-256', createStreamOnRead: true });

  test('that names nothing changes nothing', () => {
    expect(patchBasin(basin, {})).toEqual(basin);
    expect(patchBasin(basin, { defaultStreamConfig: {} })).toEqual(basin);
  });

  test('sets some nested parts, clears some, and keeps the others', () => {
    const patch = { retentionAgeS: 30, timestampingMode: null };
    expect(patchBasin(basin, { defaultStreamConfig: patch, createStreamOnAppend: true })).toEqual({
      ...basin,
      defaultStreamConfig: { ...OTHER, ...patch },
      createStreamOnAppend: true,
    });
  });

  test('clears all stream defaults, and the cipher', () => {
    const cleared = patchBasin(basin, { defaultStreamConfig: null, streamCipher: null });
    expect(cleared).toEqual(basinConfig({ createStreamOnRead: true }));
  });

  test('of a flag to false is not the same as leaving it out', () => {
    expect(patchBasin(basin, { createStreamOnRead: false }).createStreamOnRead).toBe(false);
  });
});

describe('equality', () => {
  test.each(PARTS)('configurations that differ in %s alone differ', (part) => {
    expect(sameStream(S2_STREAM_CONFIG, { ...S2_STREAM_CONFIG })).toBe(true);
    expect(sameStream(S2_STREAM_CONFIG, { ...S2_STREAM_CONFIG, [part]: OTHER[part] })).toBe(false);
    const defaultStreamConfig = { ...NO_WISH, [part]: OTHER[part] };
    expect(sameBasin(S2_BASIN_CONFIG, basinConfig({ defaultStreamConfig }))).toBe(false);
  });

  test.each([{ streamCipher: 'aes-256-gcm' }, { createStreamOnAppend: true }, { createStreamOnRead: true }] as const)(
    'basins that differ in %j alone differ',
    (part) => {
      expect(sameBasin(S2_BASIN_CONFIG, basinConfig({}))).toBe(true);
      expect(sameBasin(S2_BASIN_CONFIG, basinConfig(part))).toBe(false);
    },
  );

  test('an explicit zero is not the same as nothing', () => {
    expect(sameStream(NO_WISH, { ...NO_WISH, deleteOnEmptyMinAgeS: 0 })).toBe(false);
  });

  test('a basin without a storage class has express, so a reported configuration sent back changes nothing', () => {
    expect(
      sameBasin(S2_BASIN_CONFIG, basinConfig({ defaultStreamConfig: { ...NO_WISH, storageClass: 'express' } })),
    ).toBe(true);
  });
});

test('a retention age in milliseconds stays exact or is the largest exact number', () => {
  expect(retentionAgeMs({ ...OTHER, retentionAgeS: 2 })).toBe(2000);
  expect(retentionAgeMs({ ...OTHER, retentionAgeS: Number.MAX_SAFE_INTEGER })).toBe(Number.MAX_SAFE_INTEGER);
  expect(retentionAgeMs(OTHER)).toBeNull();
});

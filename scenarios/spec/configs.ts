/**
 * The specification of configurations (S2 API contract §3.1-§3.4), written apart from the engine: the one shares no code
 * with the other. Parts are told apart by name, and every rule holds for each part alike.
 */

import type { BasinConfig, BasinPatch, StreamConfig, StreamPatch, StreamWish } from '../../engine/index.ts';

const S2: StreamConfig = {
  storageClass: 'express',
  retentionAgeS: 7 * 24 * 3600,
  timestampingMode: 'client-prefer',
  timestampingUncapped: false,
  deleteOnEmptyMinAgeS: 0,
};

const PARTS = Object.keys(S2) as (keyof StreamConfig)[];

/** The first of these that says something of a part has it. */
export function firstWord(...said: readonly StreamWish[]): StreamConfig {
  const pick = (part: keyof StreamConfig) => [...said, S2].map((one) => one[part]).find((word) => word !== null);
  return Object.fromEntries(PARTS.map((part) => [part, pick(part)])) as unknown as StreamConfig;
}

/** What is not in the patch stays; null is a word that takes the part away. */
function patched(wish: StreamWish, patch: StreamPatch): StreamWish {
  const word = (part: keyof StreamConfig) => (part in patch ? patch[part] : wish[part]);
  return Object.fromEntries(PARTS.map((part) => [part, word(part)])) as unknown as StreamWish;
}

export function patchedStream(config: StreamConfig, patch: StreamPatch, defaults: StreamWish): StreamConfig {
  return firstWord(patched(config, patch), defaults);
}

/** A basin always has a storage class to report. */
export function patchedBasin(config: BasinConfig, patch: BasinPatch): BasinConfig {
  const nothing = patched(config.defaultStreamConfig, Object.fromEntries(PARTS.map((part) => [part, null])));
  const { defaultStreamConfig: defaults } = patch;
  const wish = defaults === null ? nothing : patched(config.defaultStreamConfig, defaults ?? {});
  return {
    ...config,
    ...patch,
    defaultStreamConfig: { ...wish, storageClass: wish.storageClass ?? S2.storageClass },
  };
}

export function sameWords(a: object, b: object): boolean {
  const words = (one: object): string => JSON.stringify(one, (_, value: unknown) => sorted(value));
  return words(a) === words(b);
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

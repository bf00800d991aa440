/**
 * Configurations as the judge of the control plane understands them: what a request says, what holds then, and their JSON
 * (API contract §3.1-§3.4). Written from the contract and not with the engine's code, because a judge that shares code with
 * the accused shares its bugs. Ages are seconds, and so long that nothing expires in a run. Pure.
 */

import { ProtocolViolation } from '../client.ts';
import { field } from '../wire.ts';

/** All that holds for a stream. */
export interface StreamConfig {
  storageClass: string;
  retentionAgeS: number | 'infinite';
  mode: 'client-prefer' | 'client-require' | 'arrival';
  uncapped: boolean;
  /** 0 keeps a stream that is empty. */
  emptyAgeS: number;
}

/** What a request, or a basin's defaults, say of a stream: null where they say nothing. */
export type StreamWish = { readonly [Part in keyof StreamConfig]: StreamConfig[Part] | null };

/** Absent: unchanged. Null: cleared. Anything else: set. */
export type StreamPatch = { readonly [Part in keyof StreamConfig]?: StreamConfig[Part] | null };

/** Of a basin: what streams that are made in it now are sealed with, and for as long as they are. */
export type Cipher = 'aegis-256' | 'aes-256-gcm';

export interface BasinConfig {
  defaults: StreamWish;
  cipher: Cipher | null;
  createsOnAppend: boolean;
  createsOnRead: boolean;
}

/** What is not said is reset to its default by a creation and by an ensure. */
export interface BasinWish {
  defaults: StreamWish;
  cipher: Cipher | null;
  createsOnAppend: boolean | null;
  createsOnRead: boolean | null;
}

/** `defaults` null clears all of them, `cipher` null makes plain streams; the switches can be set and not cleared. */
export interface BasinPatch {
  defaults?: StreamPatch | null;
  cipher?: Cipher | null;
  createsOnAppend?: boolean;
  createsOnRead?: boolean;
}

export const NO_WISH: StreamWish = {
  storageClass: null,
  retentionAgeS: null,
  mode: null,
  uncapped: null,
  emptyAgeS: null,
};

export const NO_BASIN_WISH: BasinWish = {
  defaults: NO_WISH,
  cipher: null,
  createsOnAppend: null,
  createsOnRead: null,
};

const S2_DEFAULTS: StreamConfig = {
  storageClass: 'express',
  retentionAgeS: 604_800,
  mode: 'client-prefer',
  uncapped: false,
  emptyAgeS: 0,
};

// --- what holds ----------------------------------------------------------------------------------------------

/** Request over the basin's default of now over S2's. */
export function resolved(wish: StreamWish, defaults: StreamWish): StreamConfig {
  return overlaid(overlaid(S2_DEFAULTS, defaults), wish);
}

/** A part that is cleared is the basin's default of now, else S2's. */
export function patchedStream(config: StreamConfig, patch: StreamPatch, defaults: StreamWish): StreamConfig {
  return resolved({ ...config, ...patch }, defaults);
}

/** A basin always says its storage class, as S2 reports it. */
export function basinOf({ defaults, cipher, createsOnAppend, createsOnRead }: BasinWish): BasinConfig {
  return {
    defaults: { ...defaults, storageClass: defaults.storageClass ?? S2_DEFAULTS.storageClass },
    cipher,
    createsOnAppend: createsOnAppend ?? false,
    createsOnRead: createsOnRead ?? false,
  };
}

export function patchedBasin(config: BasinConfig, { defaults, ...switches }: BasinPatch): BasinConfig {
  return basinOf({
    ...config,
    ...switches,
    defaults: defaults === null ? NO_WISH : { ...config.defaults, ...defaults },
  });
}

/** Equal for equal configurations, wishes and patches. */
export function sameConfig(a: object, b: object): boolean {
  return configKey(a) === configKey(b);
}

function configKey(config: object): string {
  const entries = Object.entries(config).filter(([, value]) => value !== undefined);
  return entries
    .map(([name, value]) => `${name}:${typeof value === 'object' && value !== null ? `{${configKey(value)}}` : value}`)
    .toSorted()
    .join(',');
}

function overlaid<Below extends StreamWish>(below: Below, above: StreamWish): Below {
  const said = Object.entries(above).filter(([, value]) => value !== null);
  return { ...below, ...Object.fromEntries(said) };
}

// --- JSON ----------------------------------------------------------------------------------------------------

/** What is null in a wish is left out. */
export function streamWishJson(wish: StreamWish): Record<string, unknown> {
  return streamPatchJson(Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== null)));
}

/** A group whose parts are all cleared is cleared as one. */
export function streamPatchJson({ storageClass, retentionAgeS, mode, uncapped, emptyAgeS }: StreamPatch) {
  const clearsTimestamping = mode === null && uncapped === null;
  const timestamping = clearsTimestamping ? null : { ...said('mode', mode), ...said('uncapped', uncapped) };
  const retention = retentionAgeS === 'infinite' ? { infinite: {} } : { age: retentionAgeS };
  return {
    ...said('storage_class', storageClass),
    ...(retentionAgeS !== undefined && { retention_policy: retentionAgeS === null ? null : retention }),
    ...((mode !== undefined || uncapped !== undefined) && { timestamping }),
    ...(emptyAgeS !== undefined && { delete_on_empty: emptyAgeS === null ? null : { min_age_secs: emptyAgeS } }),
  };
}

export function basinWishJson({
  defaults,
  cipher,
  createsOnAppend,
  createsOnRead,
}: BasinWish): Record<string, unknown> {
  const ofStreams = streamWishJson(defaults);
  return {
    ...(Object.keys(ofStreams).length > 0 && { default_stream_config: ofStreams }),
    ...(cipher !== null && { stream_cipher: cipher }),
    ...(createsOnAppend !== null && { create_stream_on_append: createsOnAppend }),
    ...(createsOnRead !== null && { create_stream_on_read: createsOnRead }),
  };
}

export function basinPatchJson({
  defaults,
  cipher,
  createsOnAppend,
  createsOnRead,
}: BasinPatch): Record<string, unknown> {
  return {
    ...(defaults !== undefined && { default_stream_config: defaults === null ? null : streamPatchJson(defaults) }),
    ...said('stream_cipher', cipher),
    ...said('create_stream_on_append', createsOnAppend),
    ...said('create_stream_on_read', createsOnRead),
  };
}

/** An answer about a stream: every part is said. Throws ProtocolViolation. */
export function streamConfigFrom(body: unknown): StreamConfig {
  const config = wishFrom(body);
  if (Object.values(config).includes(null)) {
    throw new ProtocolViolation(`a stream's configuration is not complete: ${JSON.stringify(body)}`);
  }
  return config as StreamConfig;
}

/** An answer about a basin: what nobody set of its defaults is null. Throws ProtocolViolation. */
export function basinConfigFrom(body: unknown): BasinConfig {
  const [createsOnAppend, createsOnRead] = [
    field(body, 'create_stream_on_append'),
    field(body, 'create_stream_on_read'),
  ];
  if (typeof createsOnAppend !== 'boolean' || typeof createsOnRead !== 'boolean') {
    throw new ProtocolViolation(`a basin's configuration does not say what creates streams: ${JSON.stringify(body)}`);
  }
  const cipher = cipherFrom(field(body, 'stream_cipher'));
  return { defaults: wishFrom(field(body, 'default_stream_config')), cipher, createsOnAppend, createsOnRead };
}

/** One of the contract's ciphers, or null in as many words. Throws ProtocolViolation. */
export function cipherFrom(value: unknown): Cipher | null {
  if (value === null || value === 'aegis-256' || value === 'aes-256-gcm') return value;
  throw new ProtocolViolation(`not a cipher: ${JSON.stringify(value)}`);
}

function wishFrom(body: unknown): StreamWish {
  const retention = field(body, 'retention_policy');
  const isInfinite = field(retention, 'infinite') !== undefined;
  const timestamping = field(body, 'timestamping');
  return {
    storageClass: field(body, 'storage_class') ?? null,
    retentionAgeS: isInfinite ? 'infinite' : (field(retention, 'age') ?? null),
    mode: field(timestamping, 'mode') ?? null,
    uncapped: field(timestamping, 'uncapped') ?? null,
    emptyAgeS: field(field(body, 'delete_on_empty'), 'min_age_secs') ?? null,
  } as StreamWish;
}

function said(name: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [name]: value };
}

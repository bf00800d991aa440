/**
 * Configurations of basins and streams as immutable values: what they say, what holds where nothing is said, and what a
 * PATCH makes of them (API contract §3.1-§3.4). Everything here is pure.
 *
 * A stream's configuration is complete: it is resolved once, when the stream is created, from the request, then the basin's
 * defaults, then S2's. A basin's defaults and a request are wishes: parts that were not named are null.
 */

export type StorageClass = 'standard' | 'express';
export type TimestampingMode = 'client-prefer' | 'client-require' | 'arrival';
export type Cipher = 'aegis-256' | 'aes-256-gcm';

/** In the order the format numbers them; new ones go behind. */
export const STORAGE_CLASSES: readonly StorageClass[] = ['standard', 'express'];
export const TIMESTAMPING_MODES: readonly TimestampingMode[] = ['client-prefer', 'client-require', 'arrival'];
export const CIPHERS: readonly Cipher[] = ['aegis-256', 'aes-256-gcm'];

export interface StreamConfig {
  /** Has no effect here but to be reported. */
  readonly storageClass: StorageClass;
  /** Seconds above 0: records older than this, counted from their arrival, are trimmed. */
  readonly retentionAgeS: number | 'infinite';
  readonly timestampingMode: TimestampingMode;
  /** True: a client's timestamp may lie in the future. */
  readonly timestampingUncapped: boolean;
  /** Seconds a stream has to be empty and untouched before it is deleted; 0 keeps it. */
  readonly deleteOnEmptyMinAgeS: number;
}

/** What a request or a basin's defaults say of a stream: null where they say nothing. 0 and false are something. */
export type StreamWish = { readonly [Part in keyof StreamConfig]: StreamConfig[Part] | null };

/** Absent: unchanged. Null: cleared. Anything else: set. */
export type StreamPatch = { readonly [Part in keyof StreamConfig]?: StreamConfig[Part] | null };

export interface BasinConfig {
  /** The storage class is always said, as S2 reports it: a basin that was given none has S2's. */
  readonly defaultStreamConfig: StreamWish;
  /** Streams created from now on are encrypted with it. */
  readonly streamCipher: Cipher | null;
  readonly createStreamOnAppend: boolean;
  readonly createStreamOnRead: boolean;
}

export interface BasinPatch {
  readonly defaultStreamConfig?: StreamPatch | null;
  readonly streamCipher?: Cipher | null;
  readonly createStreamOnAppend?: boolean;
  readonly createStreamOnRead?: boolean;
}

/** S2's defaults: what holds where neither request nor basin says anything. */
export const S2_STREAM_CONFIG: StreamConfig = {
  storageClass: 'express',
  retentionAgeS: 604_800,
  timestampingMode: 'client-prefer',
  timestampingUncapped: false,
  deleteOnEmptyMinAgeS: 0,
};

export const NO_WISH: StreamWish = {
  storageClass: null,
  retentionAgeS: null,
  timestampingMode: null,
  timestampingUncapped: null,
  deleteOnEmptyMinAgeS: null,
};

/** A basin created without a configuration. */
export const S2_BASIN_CONFIG: BasinConfig = basinConfig({});

/** A whole basin configuration from what was said of it; what was not said has its default. */
export function basinConfig(said: Partial<BasinConfig>): BasinConfig {
  const defaults = said.defaultStreamConfig ?? NO_WISH;
  return {
    defaultStreamConfig: { ...defaults, storageClass: defaults.storageClass ?? S2_STREAM_CONFIG.storageClass },
    streamCipher: said.streamCipher ?? null,
    createStreamOnAppend: said.createStreamOnAppend ?? false,
    createStreamOnRead: said.createStreamOnRead ?? false,
  };
}

/** Wish over basin's default over S2's. */
export function resolveStream(wish: StreamWish, defaults: StreamWish): StreamConfig {
  const s2 = S2_STREAM_CONFIG;
  return {
    storageClass: wish.storageClass ?? defaults.storageClass ?? s2.storageClass,
    retentionAgeS: wish.retentionAgeS ?? defaults.retentionAgeS ?? s2.retentionAgeS,
    timestampingMode: wish.timestampingMode ?? defaults.timestampingMode ?? s2.timestampingMode,
    timestampingUncapped: wish.timestampingUncapped ?? defaults.timestampingUncapped ?? s2.timestampingUncapped,
    deleteOnEmptyMinAgeS: wish.deleteOnEmptyMinAgeS ?? defaults.deleteOnEmptyMinAgeS ?? s2.deleteOnEmptyMinAgeS,
  };
}

/** A cleared part gets the basin's default of today, else S2's. */
export function patchStream(config: StreamConfig, patch: StreamPatch, defaults: StreamWish): StreamConfig {
  return resolveStream(overlaid(config, patch), defaults);
}

/** A cleared part is unset; of the defaults the storage class falls back to S2's. */
export function patchBasin(config: BasinConfig, patch: BasinPatch): BasinConfig {
  const defaults = patch.defaultStreamConfig;
  return basinConfig({
    defaultStreamConfig: defaults === null ? NO_WISH : overlaid(config.defaultStreamConfig, defaults ?? {}),
    streamCipher: patch.streamCipher === undefined ? config.streamCipher : patch.streamCipher,
    createStreamOnAppend: patch.createStreamOnAppend ?? config.createStreamOnAppend,
    createStreamOnRead: patch.createStreamOnRead ?? config.createStreamOnRead,
  });
}

function overlaid(wish: StreamWish, patch: StreamPatch): StreamWish {
  const { storageClass, retentionAgeS, timestampingMode, timestampingUncapped, deleteOnEmptyMinAgeS } = patch;
  return {
    storageClass: storageClass === undefined ? wish.storageClass : storageClass,
    retentionAgeS: retentionAgeS === undefined ? wish.retentionAgeS : retentionAgeS,
    timestampingMode: timestampingMode === undefined ? wish.timestampingMode : timestampingMode,
    timestampingUncapped: timestampingUncapped === undefined ? wish.timestampingUncapped : timestampingUncapped,
    deleteOnEmptyMinAgeS: deleteOnEmptyMinAgeS === undefined ? wish.deleteOnEmptyMinAgeS : deleteOnEmptyMinAgeS,
  };
}

export function sameStream(a: StreamWish, b: StreamWish): boolean {
  return (
    a.storageClass === b.storageClass &&
    a.retentionAgeS === b.retentionAgeS &&
    a.timestampingMode === b.timestampingMode &&
    a.timestampingUncapped === b.timestampingUncapped &&
    a.deleteOnEmptyMinAgeS === b.deleteOnEmptyMinAgeS
  );
}

export function sameBasin(a: BasinConfig, b: BasinConfig): boolean {
  return (
    sameStream(a.defaultStreamConfig, b.defaultStreamConfig) &&
    a.streamCipher === b.streamCipher &&
    a.createStreamOnAppend === b.createStreamOnAppend &&
    a.createStreamOnRead === b.createStreamOnRead
  );
}

/** Milliseconds; null keeps records for ever. */
export function retentionAgeMs(config: StreamConfig): number | null {
  return config.retentionAgeS === 'infinite' ? null : Math.min(config.retentionAgeS * 1000, Number.MAX_SAFE_INTEGER);
}

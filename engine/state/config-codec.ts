/**
 * Configurations as fields of log entries and checkpoints. A wish is a mask of the parts it names and then their values in
 * the order of the mask, lowest bit first; a complete configuration names all. Words are numbered as in `core/config.ts`.
 */

import {
  basinConfig,
  type BasinConfig,
  CIPHERS,
  type Cipher,
  STORAGE_CLASSES,
  type StreamConfig,
  type StreamWish,
  TIMESTAMPING_MODES,
} from '../core/config.ts';
import type { PayloadReader, PayloadWriter } from './payload.ts';

const STORAGE_CLASS = 1;
const RETENTION = 2;
const MODE = 4;
const UNCAPPED = 8;
const DELETE_ON_EMPTY = 16;
const ALL = 31;

/** Infinite retention; ages are above 0. */
const INFINITE = 0;

export function writeWish(out: PayloadWriter, wish: StreamWish): void {
  const { storageClass, retentionAgeS, timestampingMode, timestampingUncapped, deleteOnEmptyMinAgeS } = wish;
  out.number(
    (storageClass === null ? 0 : STORAGE_CLASS) |
      (retentionAgeS === null ? 0 : RETENTION) |
      (timestampingMode === null ? 0 : MODE) |
      (timestampingUncapped === null ? 0 : UNCAPPED) |
      (deleteOnEmptyMinAgeS === null ? 0 : DELETE_ON_EMPTY),
  );
  if (storageClass !== null) out.number(STORAGE_CLASSES.indexOf(storageClass));
  if (retentionAgeS !== null) out.number(retentionAgeS === 'infinite' ? INFINITE : retentionAgeS);
  if (timestampingMode !== null) out.number(TIMESTAMPING_MODES.indexOf(timestampingMode));
  if (timestampingUncapped !== null) out.number(timestampingUncapped ? 1 : 0);
  if (deleteOnEmptyMinAgeS !== null) out.number(deleteOnEmptyMinAgeS);
}

/** Throws a RangeError for a part or a word this build does not know. */
function readWish(from: PayloadReader): StreamWish {
  const parts = from.number();
  if (parts > ALL) throw new RangeError(`a stream configuration has no parts ${parts} in this version of the format`);
  const has = (part: number) => (parts & part) !== 0;
  return {
    storageClass: has(STORAGE_CLASS) ? word(STORAGE_CLASSES, from.number()) : null,
    retentionAgeS: has(RETENTION) ? retention(from.number()) : null,
    timestampingMode: has(MODE) ? word(TIMESTAMPING_MODES, from.number()) : null,
    timestampingUncapped: has(UNCAPPED) ? from.number() !== 0 : null,
    deleteOnEmptyMinAgeS: has(DELETE_ON_EMPTY) ? from.number() : null,
  };
}

/** A complete configuration. Throws a RangeError when it is not. */
export function readStreamConfig(from: PayloadReader): StreamConfig {
  const wish = readWish(from);
  if (Object.values(wish).includes(null)) throw new RangeError('a stream configuration is not complete');
  return wish as StreamConfig;
}

export function writeOptionalWish(out: PayloadWriter, wish: StreamWish | null): void {
  out.number(wish === null ? 0 : 1);
  if (wish !== null) writeWish(out, wish);
}

export function readOptionalWish(from: PayloadReader): StreamWish | null {
  return from.number() === 0 ? null : readWish(from);
}

export function writeCipher(out: PayloadWriter, cipher: Cipher | null): void {
  out.number(cipher === null ? 0 : CIPHERS.indexOf(cipher) + 1);
}

export function readCipher(from: PayloadReader): Cipher | null {
  const number = from.number();
  return number === 0 ? null : word(CIPHERS, number - 1);
}

export function writeBasinConfig(out: PayloadWriter, config: BasinConfig): void {
  writeWish(out, config.defaultStreamConfig);
  writeCipher(out, config.streamCipher);
  out.number((config.createStreamOnAppend ? 1 : 0) | (config.createStreamOnRead ? 2 : 0));
}

export function readBasinConfig(from: PayloadReader): BasinConfig {
  const defaultStreamConfig = readWish(from);
  const streamCipher = readCipher(from);
  const flags = from.number();
  if (flags > 3) throw new RangeError(`a basin configuration has no flags ${flags} in this version of the format`);
  const createStreamOnAppend = (flags & 1) !== 0;
  return basinConfig({
    defaultStreamConfig,
    streamCipher,
    createStreamOnAppend,
    createStreamOnRead: (flags & 2) !== 0,
  });
}

export function writeOptionalBasinConfig(out: PayloadWriter, config: BasinConfig | null): void {
  out.number(config === null ? 0 : 1);
  if (config !== null) writeBasinConfig(out, config);
}

export function readOptionalBasinConfig(from: PayloadReader): BasinConfig | null {
  return from.number() === 0 ? null : readBasinConfig(from);
}

function retention(ageS: number): number | 'infinite' {
  return ageS === INFINITE ? 'infinite' : ageS;
}

function word<Word>(words: readonly Word[], number: number): Word {
  const known = words[number];
  if (known === undefined) throw new RangeError(`a configuration has no word ${number} in this version of the format`);
  return known;
}

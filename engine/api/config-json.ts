/**
 * Configurations as JSON (API contract §3.1-§3.3). In a request null means the same as absent; in a PATCH it clears. What
 * has the wrong shape is `bad_json`; what has the right one and a value that cannot be is `invalid`.
 */

import {
  basinConfig,
  type BasinConfig,
  type BasinPatch,
  CIPHERS,
  type Cipher,
  NO_WISH,
  STORAGE_CLASSES,
  type StreamConfig,
  type StreamPatch,
  type StreamWish,
  TIMESTAMPING_MODES,
} from '../core/config.ts';
import { BadRequest } from './errors.ts';
import { asObject, type JsonObject, optionalU64 } from './json.ts';

// --- requests ----------------------------------------------------------------------------------------------

/** `value` as sent for `config`; absent or null says nothing. */
export function streamWish(value: unknown): StreamWish {
  if (value === undefined || value === null) return NO_WISH;
  const patch = streamPatch(value);
  const deleteOnEmpty = asObject(value, 'the stream configuration')['delete_on_empty'];
  // An object without a minimum age is a word: it says 0, which switches it off.
  const off = deleteOnEmpty === undefined || deleteOnEmpty === null ? null : 0;
  return {
    storageClass: patch.storageClass ?? null,
    retentionAgeS: patch.retentionAgeS ?? null,
    timestampingMode: patch.timestampingMode ?? null,
    timestampingUncapped: patch.timestampingUncapped ?? null,
    deleteOnEmptyMinAgeS: patch.deleteOnEmptyMinAgeS ?? off,
  };
}

/** `value` as sent for `config` of a basin; absent or null says nothing. */
export function basinWish(value: unknown): BasinConfig {
  if (value === undefined || value === null) return basinConfig({});
  const object = asObject(value, 'field `config`');
  return basinConfig({
    defaultStreamConfig: streamWish(object['default_stream_config']),
    streamCipher: cipher(object) ?? null,
    createStreamOnAppend: optionalBoolean(object, 'create_stream_on_append') ?? false,
    createStreamOnRead: optionalBoolean(object, 'create_stream_on_read') ?? false,
  });
}

// --- PATCH -------------------------------------------------------------------------------------------------

export function streamPatch(value: unknown): StreamPatch {
  const object = asObject(value, 'the stream configuration');
  const timestamping = nested(object, 'timestamping');
  const deleteOnEmpty = nested(object, 'delete_on_empty');
  return {
    ...part(
      'storageClass',
      member(object, 'storage_class', (given, what) => oneOf(STORAGE_CLASSES, given, what)),
    ),
    ...part('retentionAgeS', member(object, 'retention_policy', retention)),
    ...part(
      'timestampingMode',
      within(timestamping, 'mode', (given, what) => oneOf(TIMESTAMPING_MODES, given, what)),
    ),
    ...part('timestampingUncapped', within(timestamping, 'uncapped', asBoolean)),
    ...part('deleteOnEmptyMinAgeS', within(deleteOnEmpty, 'min_age_secs', seconds)),
  };
}

export function basinPatch(object: JsonObject): BasinPatch {
  const defaults = object['default_stream_config'];
  return {
    ...part('defaultStreamConfig', defaults === undefined || defaults === null ? defaults : streamPatch(defaults)),
    ...part('streamCipher', cipher(object)),
    ...part('createStreamOnAppend', flag(object, 'create_stream_on_append')),
    ...part('createStreamOnRead', flag(object, 'create_stream_on_read')),
  };
}

// --- answers -----------------------------------------------------------------------------------------------

/** All four fields. */
export function streamConfigJson(config: StreamConfig) {
  return streamWishJson(config);
}

/** Defaults nobody set are null. */
export function basinConfigJson(config: BasinConfig) {
  return {
    default_stream_config: streamWishJson(config.defaultStreamConfig),
    stream_cipher: config.streamCipher,
    create_stream_on_append: config.createStreamOnAppend,
    create_stream_on_read: config.createStreamOnRead,
  };
}

function streamWishJson(wish: StreamWish) {
  const { timestampingMode: mode, timestampingUncapped: uncapped, deleteOnEmptyMinAgeS } = wish;
  return {
    storage_class: wish.storageClass,
    retention_policy: retentionJson(wish.retentionAgeS),
    timestamping: mode === null && uncapped === null ? null : { mode, uncapped },
    delete_on_empty: deleteOnEmptyMinAgeS === null ? null : { min_age_secs: deleteOnEmptyMinAgeS },
  };
}

function retentionJson(ageS: StreamWish['retentionAgeS']) {
  if (ageS === null) return null;
  return ageS === 'infinite' ? { infinite: {} } : { age: ageS };
}

// --- members -----------------------------------------------------------------------------------------------

/** Reads a value that is there; `what` names it. Throws BadRequest. */
type Reader<Value> = (value: unknown, what: string) => Value;

/** Absent, null, or read. */
function member<Value>(object: JsonObject, name: string, read: Reader<Value>): Value | null | undefined {
  const value = object[name];
  return value === undefined || value === null ? value : read(value, `field \`${name}\``);
}

/** An object that groups parts: absent, null, or itself. */
function nested(object: JsonObject, name: string): JsonObject | null | undefined {
  return member(object, name, asObject);
}

/** A part in a group: a group that is null clears all of it. */
function within<Value>(group: JsonObject | null | undefined, name: string, read: Reader<Value>) {
  return group === undefined || group === null ? group : member(group, name, read);
}

function part<Name extends string, Value>(name: Name, value: Value | undefined) {
  return (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: Value };
}

function oneOf<Word extends string>(words: readonly Word[], value: unknown, what: string): Word {
  const word = words.find((known) => known === value);
  if (word !== undefined) return word;
  throw new BadRequest('bad_json', `${what} must be one of ${words.map((known) => `\`${known}\``).join(', ')}`);
}

function asBoolean(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') throw new BadRequest('bad_json', `${what} must be true or false`);
  return value;
}

function optionalBoolean(object: JsonObject, name: string): boolean | null {
  return member(object, name, asBoolean) ?? null;
}

/** Two values only: null is no word for a flag. */
function flag(object: JsonObject, name: string): boolean | undefined {
  return object[name] === undefined ? undefined : asBoolean(object[name], `field \`${name}\``);
}

function cipher(object: JsonObject): Cipher | null | undefined {
  return member(object, 'stream_cipher', (value, what) => oneOf(CIPHERS, value, what));
}

function seconds(value: unknown, what: string): number {
  const count = optionalU64({ value }, 'value');
  if (count !== null && count <= Number.MAX_SAFE_INTEGER) return count;
  throw new BadRequest('invalid', `${what} must not exceed ${Number.MAX_SAFE_INTEGER} seconds`);
}

/** `{"age": seconds}` or `{"infinite": {}}`. */
function retention(value: unknown, what: string): number | 'infinite' {
  const policy = asObject(value, what);
  const [name, ...more] = Object.keys(policy);
  if (more.length > 0 || (name !== 'age' && name !== 'infinite')) {
    throw new BadRequest('bad_json', `${what} must be {"age": seconds} or {"infinite": {}}`);
  }
  if (name === 'infinite') {
    asObject(policy['infinite'], 'field `infinite`');
    return 'infinite';
  }
  if (typeof policy['age'] !== 'number') throw new BadRequest('bad_json', 'field `age` must be a number of seconds');
  const ageS = seconds(policy['age'], 'age');
  if (ageS === 0) throw new BadRequest('invalid', 'age must be greater than 0 seconds');
  return ageS;
}

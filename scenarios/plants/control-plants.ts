/**
 * Wrong answers about basins and streams as such: what the judge of the control plane is there for, made in the real engine.
 * They are hunted in a profile whose runs have clients of the control plane one time in six.
 */

import type { Plant } from './plants.ts';

const BASIN_API = 'engine/api/basins.ts';
const BASINS = 'engine/stream/basins.ts';
const BIRTHS = 'engine/stream/births.ts';
const CONFIG = 'engine/core/config.ts';
const DELETIONS = 'engine/stream/deletions.ts';
const ENTRIES = 'engine/state/entries.ts';
const HASH = 'engine/state/state-hash.ts';
const LISTING = 'engine/core/listing.ts';
const STREAM_API = 'engine/api/streams.ts';
const STREAMS = 'engine/stream/streams.ts';

export const CONTROL_PLANTS: readonly Plant[] = [
  {
    name: 'noop-of-the-undurable',
    lie: 'a creation that meets another one on its way is answered at once, by a row that may never become durable',
    edits: [
      {
        file: BASINS,
        find: "return this.#reveal<CreateOutcome<BasinState>>({ kind: isSame ? 'noop' : 'exists', row: existing });",
        replace: "return Promise.resolve({ kind: isSame ? 'noop' : 'exists', row: existing } as const);",
      },
      {
        file: STREAMS,
        find: "return this.#reveal<CreateOutcome<StreamState>>({ kind: isSame ? 'noop' : 'exists', row: existing });",
        replace: "return Promise.resolve({ kind: isSame ? 'noop' : 'exists', row: existing } as const);",
      },
    ],
    seedsMax: 1_000,
    profile: 'failover',
  },
  {
    name: 'deletion-told-early',
    lie: 'the deletion of a stream is acknowledged when it is queued, not when it is durable',
    edits: [
      {
        file: STREAMS,
        find: "return this.#desk.queue(attempt, 'deletion', entry, () => {",
        replace:
          "void this.#desk.queue(attempt, 'deletion', entry, () => ({ kind: 'deleted' }) as const);\n" +
          "      return Promise.resolve({ kind: 'deleted' } as const).then(() => {",
      },
    ],
    seedsMax: 5_000,
    profile: 'failover',
  },
  {
    name: 'change-told-early',
    lie: 'a change of a configuration is acknowledged when it is queued; a takeover forgets it',
    edits: [
      {
        file: STREAMS,
        find:
          "return this.#desk.queue(attempt, 'change', entry, () => {\n" +
          "      this.#parts.ports.telemetry.event('stream.reconfigured');\n" +
          '      return done(this.#durable(streamId));',
        replace:
          "void this.#desk.queue(attempt, 'change', entry, () => null);\n" +
          '    return Promise.resolve().then(() => {\n' +
          '      return done(this.#parts.journal.ahead.stream(streamId) as StreamState);',
      },
    ],
    seedsMax: 1_000,
    profile: 'failover',
  },
  {
    name: 'ensure-merges',
    lie: 'an ensure leaves what it does not name as it is',
    edits: [
      {
        file: STREAMS,
        find: 'const config = resolveStream(wish, home.basin.config.defaultStreamConfig);',
        replace: 'const config = resolveStream(wish, existing.config);',
      },
    ],
    seedsMax: 1_000,
    profile: 'failover',
  },
  {
    name: 'null-keeps',
    lie: 'a part of a configuration that is cleared keeps its value',
    edits: [
      {
        file: CONFIG,
        find: 'timestampingMode: timestampingMode === undefined ? wish.timestampingMode : timestampingMode,',
        replace: 'timestampingMode: timestampingMode ?? wish.timestampingMode,',
      },
    ],
    seedsMax: 1_000,
    profile: 'failover',
  },
  {
    name: 'cleared-to-s2',
    lie: 'a part of a stream that is cleared gets the default of S2, whatever the basin says',
    edits: [
      {
        file: CONFIG,
        find: 'return resolveStream(overlaid(config, patch), defaults);',
        replace: 'return resolveStream(overlaid(config, patch), defaults === null ? defaults : NO_WISH);',
      },
    ],
    seedsMax: 1_000,
    profile: 'failover',
  },
  {
    name: 'token-forgotten',
    lie: 'a takeover forgets request tokens, so a creation that is sent again is refused',
    edits: [
      {
        file: ENTRIES,
        find: 'out.text(entry.name).number(entry.createdAtMs).optionalText(entry.requestToken);',
        replace: 'out.text(entry.name).number(entry.createdAtMs).optionalText(null);',
      },
      {
        file: ENTRIES,
        find: 'out.optionalText(entry.requestToken);\n      writeOptionalWish(out, entry.requested);',
        replace: 'out.optionalText(null);\n      writeOptionalWish(out, null);',
      },
      {
        file: HASH,
        find:
          'lane = row.requestToken === null ? mix(lane, 0) : mixText(lane, row.requestToken);\n' +
          '    lane = row.requested === null ? mix(lane, 0) : mixWish(lane, row.requested);',
        replace: '',
      },
      {
        file: HASH,
        find:
          'lane = row.requestToken === null ? mix(lane, 0) : mixText(lane, row.requestToken);\n' +
          '    lane = row.requested === null ? mix(lane, 0) : mixBasinConfig(lane, row.requested);',
        replace: '',
      },
    ],
    seedsMax: 1_000,
    profile: 'failover',
  },
  {
    name: 'token-alone',
    lie: 'a request token makes any creation a repetition, whatever it asks for',
    edits: [
      { file: STREAMS, find: '        sameStream(existing.requested, wish);', replace: '        true;' },
      { file: BASINS, find: '        sameBasin(existing.requested, config);', replace: '        true;' },
    ],
    seedsMax: 1_000,
    profile: 'failover',
  },
  {
    name: 'deleted-is-listed',
    lie: 'a listing shows basins that are being deleted as if they were there for good',
    edits: [
      {
        file: BASIN_API,
        find: 'deleted_at: basin.deletedAtMs === null ? null : rfc3339(basin.deletedAtMs),',
        replace: 'deleted_at: null,',
      },
      {
        file: BASIN_API,
        find: "state: basin.deletedAtMs === null ? 'active' : 'deleting',",
        replace: "state: 'active',",
      },
    ],
    seedsMax: 1_000,
    profile: 'ambiguous',
  },
  {
    name: 'more-behind-the-last',
    lie: 'a page that is full says that there is more, whether there is or not',
    edits: [
      {
        file: LISTING,
        find: 'return { rows, hasMore: false };',
        replace: 'return { rows, hasMore: rows.length === limit };',
      },
    ],
    seedsMax: 1_000,
    profile: 'failover',
  },
  {
    name: 'deletion-by-name',
    lie: 'deletion comes by twice and goes by the name, so it takes away what was created there in between',
    edits: [
      {
        file: DELETIONS,
        find: 'if ((await Promise.all(removed)).includes(false)) return;\n    }',
        replace:
          'const named = this.#names.get(next.id);\n' +
          '      if ((await Promise.all(removed)).includes(false)) return;\n' +
          '      if (named === undefined || !(await this.#reached(this.#parts.ports.clock.monoMs() + 50))) continue;\n' +
          '      const again = this.#parts.journal.ahead.streamByName(named.basin, named.name);\n' +
          '      if (again !== undefined) await this.#remove(again.id);\n' +
          '    }',
      },
      {
        file: DELETIONS,
        find: '  #isServing = false;\n',
        replace: '  #isServing = false;\n  readonly #names = new Map<number, { basin: string; name: string }>();\n',
      },
      {
        file: DELETIONS,
        find: '    this.#streams.push({ id,',
        replace:
          '    const row = this.#parts.tables.stream(id);\n' +
          '    if (row !== undefined) this.#names.set(id, { basin: row.basin, name: row.name });\n' +
          '    this.#streams.push({ id,',
      },
    ],
    seedsMax: 1_000,
    profile: 'ambiguous',
  },
  {
    name: 'born-without-defaults',
    lie: 'a stream that is made for an append or a read does not get the defaults of its basin',
    edits: [
      {
        file: BIRTHS,
        find: 'config: resolveStream(wish, defaultStreamConfig),',
        replace: 'config: resolveStream(wish, wish === NO_WISH ? NO_WISH : defaultStreamConfig),',
      },
    ],
    seedsMax: 1_000,
    profile: 'failover',
  },
  {
    name: 'config-of-a-former-owner',
    lie: 'a server tells configurations without asking whether the store is still its own',
    edits: [
      {
        file: BASINS,
        find: 'return this.#desk.observe<ConfigOutcome<BasinConfig>>(() => {',
        replace: 'return Promise.resolve().then((): ConfigOutcome<BasinConfig> => {',
      },
      {
        file: STREAMS,
        find: 'return this.#desk.observe<ConfigOutcome<StreamConfig>>(() => {',
        replace: 'return Promise.resolve().then((): ConfigOutcome<StreamConfig> => {',
      },
    ],
    seedsMax: 1_000,
    profile: 'failover',
  },
  {
    name: 'cleared-cipher-stays',
    lie: 'a basin whose cipher is cleared goes on making sealed streams',
    edits: [
      {
        file: CONFIG,
        find: 'streamCipher: patch.streamCipher === undefined ? config.streamCipher : patch.streamCipher,',
        replace: 'streamCipher: patch.streamCipher ?? config.streamCipher,',
      },
    ],
    seedsMax: 5_000,
    profile: 'failover',
  },
  {
    name: 'born-in-plain',
    lie: 'a stream that is made for an append or a read is not sealed, whatever cipher its basin has',
    edits: [
      { file: BIRTHS, find: 'cipher: streamCipher,', replace: 'cipher: wish === NO_WISH ? null : streamCipher,' },
    ],
    seedsMax: 1_000,
    profile: 'failover',
  },
  {
    name: 'cipher-told-by-the-basin',
    lie: 'a listing shows every stream with the cipher its basin has now',
    edits: [
      {
        file: STREAM_API,
        find: "return listed('streams', page, streamInfo);",
        replace:
          'const config = await engine.basinConfig(basin);\n' +
          "  const cipher = config.kind === 'config' ? config.config.streamCipher : null;\n" +
          "  return listed('streams', page, (row) => ({ ...streamInfo(row), cipher }));",
      },
    ],
    seedsMax: 1_000,
    profile: 'failover',
  },
];

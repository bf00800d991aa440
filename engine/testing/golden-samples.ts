/**
 * What the golden files hold, as meaning: every entry and every optional field both ways, a segment, rows, a checkpoint. Only
 * ever changed together with the version of the format (docs/FORMAT.md, "How the format is changed").
 */

import { ROOT_SCOPE, type TokenState } from '../core/access.ts';
import { groupBit, operationSet } from '../core/operations.ts';
import { basinConfig, NO_WISH, S2_BASIN_CONFIG, type StreamConfig } from '../core/config.ts';
import { contentLength, envelopeHeadLength, Place, writeContent, writeEnvelopeHead } from '../core/sealed-record.ts';
import { encodeRecords } from '../core/stamped-batch.ts';
import { ACCOUNT_FIGURES, BASIN_FIGURES, basinFigure } from '../core/usage.ts';
import { type CheckpointRoot, encodePage } from '../segments/checkpoint-format.ts';
import type { ChunkEntry, Entry } from '../state/entries.ts';
import type { UsageHistory } from '../state/usage.ts';
import { nativeCompute as compute } from './manual-ports.ts';
import { joined } from './segment-world.ts';
import { KEPT, segment, streamRow } from './state-samples.ts';

/** Beyond 32 bits, so that a reader that loses the upper half is noticed. */
export const SLOT = 2 ** 33 + 5;
const NOW_MS = 1_700_000_000_000;
const NOW_MINUTE = Math.floor(NOW_MS / 60_000);
export const IDENTITY = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const TWO_RECORDS = encodeRecords([
  { timestamp: NOW_MS, headers: [], body: bytesOf('hello') },
  { timestamp: NOW_MS + 300, headers: [{ name: bytesOf('k'), value: bytesOf('é') }], body: new Uint8Array(0) },
]);

function chunk(streamId: number, firstSeqNum: number, change: Partial<ChunkEntry> = {}): ChunkEntry {
  return {
    type: 'chunk',
    streamId,
    firstSeqNum,
    count: 2,
    firstTimestamp: NOW_MS,
    lastTimestamp: NOW_MS + 300,
    arrivalMs: NOW_MS + 1,
    appendedBytes: (firstSeqNum + 2) * 12,
    fencingToken: null,
    trimPoint: null,
    records: TWO_RECORDS,
    ...change,
  };
}

/** A command and a record that is sealed, as they stand in the stream created below, behind its first four. */
export const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const NONCE = Uint8Array.from({ length: 32 }, (_, i) => 0xff - i);
export const CONTENT = { headers: [{ name: bytesOf('k'), value: bytesOf('v') }], body: bytesOf('secret') };
export const PLACE = { id: 7, basin: 'basin-01', name: 'räder', cipher: 'aegis-256' } as const;
const PLAIN = new Uint8Array(contentLength(CONTENT));
writeContent(CONTENT, PLAIN);
const SEALED = compute.ciphers['aegis-256'].seal(KEY, NONCE, PLAIN, new Place(PLACE).at(5, NOW_MS + 300, 18));
const HEAD = new Uint8Array(envelopeHeadLength(18));
writeEnvelopeHead('aegis-256', 18, HEAD, 0);
const ENVELOPED = encodeRecords([
  { timestamp: NOW_MS, headers: [{ name: bytesOf(''), value: bytesOf('fence') }], body: bytesOf('owner-2') },
  { timestamp: NOW_MS + 300, headers: [], body: joined([HEAD, NONCE, ...SEALED]) },
]);

const SHARED = segment(2, { epoch: 1, bytes: 2 ** 40, indexOffset: 2 ** 39, indexCrc: 0xffffffff });
const OWN = segment(300, { epoch: 2, streamCount: 1, only: { streamId: 7, firstSeqNum: 1, nextSeqNum: 2 ** 33 } });

const STREAM_CONFIG: StreamConfig = {
  storageClass: 'standard',
  retentionAgeS: 86_400,
  timestampingMode: 'client-require',
  timestampingUncapped: true,
  deleteOnEmptyMinAgeS: 60,
};
const BASIN_CONFIG = basinConfig({
  defaultStreamConfig: { ...NO_WISH, storageClass: 'standard', timestampingMode: 'arrival' },
  streamCipher: 'aes-256-gcm',
  createStreamOnAppend: true,
  createStreamOnRead: true,
});

const TOKEN: TokenState = {
  id: 'räder/1',
  issuedAtMs: NOW_MS + 7,
  secretHash: Uint8Array.from({ length: 32 }, (_, i) => 0xc0 + i),
  expiresAtMs: 2 ** 41,
  autoPrefixStreams: true,
  namespace: 'räder/',
  scope: {
    basins: { exact: 'basin-01' },
    streams: { prefix: 'räder/' },
    accessTokens: null,
    groups: groupBit('stream', 'write'),
    operations: operationSet(['list-streams', 'set-default-location']),
  },
};
const ROOT_TOKEN: TokenState = {
  ...{ id: 'root', issuedAtMs: NOW_MS, secretHash: new Uint8Array(32), expiresAtMs: null },
  ...{ autoPrefixStreams: false, namespace: '', scope: ROOT_SCOPE },
};

/** Every type, and every optional field both ways. */
export const ENTRIES: readonly Entry[] = [
  { type: 'create-basin', name: 'basin-01', createdAtMs: NOW_MS, requestToken: null, config: S2_BASIN_CONFIG },
  { type: 'create-basin', name: 'basin-02', createdAtMs: NOW_MS, requestToken: '', config: BASIN_CONFIG },
  {
    type: 'create-stream',
    id: 7,
    basin: 'basin-01',
    name: 'räder',
    createdAtMs: NOW_MS,
    requestToken: 'once',
    requested: { ...NO_WISH, retentionAgeS: 86_400, deleteOnEmptyMinAgeS: 0 },
    cipher: 'aegis-256',
    config: STREAM_CONFIG,
  },
  {
    type: 'create-stream',
    id: 8,
    basin: 'basin-01',
    name: 's',
    createdAtMs: NOW_MS,
    requestToken: null,
    requested: null,
    cipher: null,
    config: KEPT,
  },
  chunk(7, 0),
  chunk(7, 2, { fencingToken: 'owner-1', trimPoint: 1 }),
  chunk(7, 4, { fencingToken: 'owner-2', records: ENVELOPED }),
  { type: 'trim', streamId: 7, trimPoint: 3, atMs: NOW_MS + 2, trimmedBytes: null },
  { type: 'trim', streamId: 7, trimPoint: 3, atMs: NOW_MS + 3, trimmedBytes: 2 ** 33 },
  { type: 'delete-stream', streamId: 8 },
  { type: 'reconfigure-stream', streamId: 7, config: KEPT, atMs: NOW_MS + 3 },
  { type: 'tombstone-stream', streamId: 7, deletedAtMs: NOW_MS + 4 },
  { type: 'reconfigure-basin', name: 'basin-01', config: BASIN_CONFIG },
  { type: 'tombstone-basin', name: 'basin-01', deletedAtMs: NOW_MS + 5 },
  { type: 'delete-basin', name: 'basin-01' },
  {
    type: 'edit',
    removed: [{ epoch: 1, number: 1 }, SHARED].map(({ epoch, number }) => ({ epoch, number })),
    added: [OWN],
  },
  {
    type: 'install',
    checkpoint: { slot: SLOT - 1, epoch: 2, number: 301 },
    stateHash: { a: 1, b: 0xfedcba98 },
    segments: [SHARED, OWN],
  },
  {
    type: 'usage',
    atMs: NOW_MS + 6,
    account: [
      [0, 1],
      [13, 2 ** 33],
    ],
    basins: [
      { name: 'basin-01', counts: [[basinFigure('reads-unary'), 3]] },
      { name: 'basin-02', counts: [] },
    ],
  },
  { type: 'issue-token', token: TOKEN },
  { type: 'issue-token', token: ROOT_TOKEN },
  { type: 'revoke-token', id: 'root', atMs: NOW_MS + 8 },
];

export const DATA_AT = { slot: SLOT, epoch: 2, identity: IDENTITY };
export const FENCE = { slot: SLOT + 1, epoch: 3, identity: IDENTITY, next: SLOT + 65 };

export const SEGMENT_NAME = { epoch: 2, number: 300 };
const LATER = { firstTimestamp: NOW_MS + 300, lastTimestamp: NOW_MS + 600, arrivalMs: NOW_MS + 400 };
export const SEGMENT_CHUNKS: readonly ChunkEntry[] = [chunk(7, 5), chunk(7, 7, LATER), chunk(400, 0)];

export const ROWS = [
  streamRow(8, { fencingToken: 'owner-1', trimPoint: 3, tail: { seqNum: 4, timestamp: NOW_MS }, digest: 0xfedcba98 }),
  streamRow(9, {
    ...{ name: 'räder', requestToken: 'once', requested: NO_WISH, cipher: 'aes-256-gcm', config: STREAM_CONFIG },
    ...{ deletedAtMs: NOW_MS + 4, idleSinceMs: NOW_MS + 3, appendedBytes: 2 ** 40, trimmedBytes: 2 ** 33 },
  }),
];
export const PAGE = encodePage({ epoch: 2, number: 302 }, 2, ROWS, compute);

/** Notes that follow each other, a figure that fell, time that fell, and turns beyond 32 bits. */
const USAGE: UsageHistory = {
  nowMs: NOW_MS,
  turns: { minute: 2 ** 33 + 2, hour: 4, day: 1 },
  gone: { minute: { number: 2 ** 33 - 1, at: NOW_MINUTE + 5 }, hour: { number: 0, at: 0 }, day: null },
  account: {
    totals: ACCOUNT_FIGURES.map((_, figure) => figure),
    notes: { minute: [{ turn: 2 ** 33, at: NOW_MINUTE, totals: ACCOUNT_FIGURES.map(() => 0) }], hour: [], day: [] },
  },
  basins: [
    {
      name: 'basin-01',
      ledger: {
        totals: BASIN_FIGURES.map((_, figure) => figure * 1000),
        notes: {
          minute: [
            { turn: 2 ** 33, at: NOW_MINUTE, totals: BASIN_FIGURES.map((_, figure) => figure) },
            {
              ...{ turn: 2 ** 33 + 2, at: NOW_MINUTE - 1 },
              totals: BASIN_FIGURES.map((_, figure) => (figure === 0 ? 0 : figure)),
            },
          ],
          hour: [{ turn: 4, at: Math.floor(NOW_MINUTE / 60), totals: BASIN_FIGURES.map(() => 2 ** 40) }],
          day: [{ turn: 1, at: Math.floor(NOW_MINUTE / 1_440), totals: BASIN_FIGURES.map(() => 2 ** 41) }],
        },
      },
    },
    {
      name: 'basin-02',
      ledger: { totals: BASIN_FIGURES.map(() => 0), notes: { minute: [], hour: [], day: [] } },
    },
  ],
  streams: {
    goneTo: NOW_MINUTE - 60,
    notes: [
      { minute: NOW_MINUTE, streamId: 7, storedBytes: 2 ** 33 },
      { minute: NOW_MINUTE - 1, streamId: 8, storedBytes: 0 },
    ],
  },
  uncounted: [7, 300],
};

const nothingGone = { minute: null, hour: null, day: null };
const turnOf = (at: number) => ({ turn: at, at });

/** What roots of versions 4 and 5 say, whose notes have no turns: minutes and hours stand for them. */
export const USAGE_BEFORE_TURNS: UsageHistory = {
  nowMs: NOW_MS,
  turns: { minute: NOW_MINUTE, hour: Math.floor(NOW_MINUTE / 60), day: Math.floor(NOW_MINUTE / 1_440) },
  gone: nothingGone,
  account: {
    totals: ACCOUNT_FIGURES.map((_, figure) => figure),
    notes: { minute: [{ ...turnOf(NOW_MINUTE), totals: ACCOUNT_FIGURES.map(() => 0) }], hour: [], day: [] },
  },
  basins: [
    {
      name: 'basin-01',
      ledger: {
        totals: BASIN_FIGURES.map((_, figure) => figure * 1000),
        notes: {
          minute: [
            { ...turnOf(NOW_MINUTE - 1), totals: BASIN_FIGURES.map((_, figure) => figure) },
            { ...turnOf(NOW_MINUTE), totals: BASIN_FIGURES.map((_, figure) => (figure === 0 ? 0 : figure)) },
          ],
          hour: [{ ...turnOf(Math.floor(NOW_MINUTE / 60)), totals: BASIN_FIGURES.map(() => 2 ** 40) }],
          day: [],
        },
      },
    },
    {
      name: 'basin-02',
      ledger: { totals: BASIN_FIGURES.map(() => 0), notes: { minute: [], hour: [], day: [] } },
    },
  ],
  streams: {
    goneTo: NOW_MINUTE - 60,
    notes: [
      { minute: NOW_MINUTE - 1, streamId: 7, storedBytes: 2 ** 33 },
      { minute: NOW_MINUTE, streamId: 8, storedBytes: 0 },
    ],
  },
  uncounted: [7, 300],
};

export const ROOT: CheckpointRoot = {
  name: { slot: SLOT - 1, epoch: 2, number: 301 },
  hashBefore: { a: 1, b: 0xfedcba98 },
  hashAfter: { a: 2, b: 3 },
  nextStreamId: 301,
  lastArrivalMs: NOW_MS,
  collectedTo: 64,
  fences: [0, 2 ** 33],
  basins: [
    {
      ...{ name: 'basin-01', createdAtMs: NOW_MS, requestToken: null, requested: null },
      ...{ config: S2_BASIN_CONFIG, deletedAtMs: null },
    },
    {
      ...{ name: 'basin-02', createdAtMs: NOW_MS, requestToken: 'once', requested: BASIN_CONFIG },
      ...{ config: BASIN_CONFIG, deletedAtMs: NOW_MS + 5 },
    },
  ],
  // The younger name stands first: the list is in order of age of the records, not of names.
  segments: [OWN, SHARED],
  pageRows: 4,
  pages: [PAGE.ref],
  usage: USAGE,
  overlay: [
    { id: 9, row: ROWS[1] ?? null },
    { id: 300, row: null },
  ],
  tokens: [TOKEN, ROOT_TOKEN],
};

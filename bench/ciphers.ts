/**
 * What sealing and opening records costs: batches as they are admitted, through all the engine does with them, against the
 * bare cipher of OpenSSL on the same bodies. Both take turns in one run, and the median turn of each is compared, in the
 * processor's time.
 */

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

import { systemCompute } from '../engine/adapters/system-compute.ts';
import { systemEntropy } from '../engine/adapters/system-entropy.ts';
import { admit } from '../engine/core/admission.ts';
import { decodeRecords } from '../engine/core/chunk.ts';
import type { Cipher } from '../engine/core/config.ts';
import { EncryptionKey } from '../engine/core/encryption-key.ts';
import { writeRecords } from '../engine/core/stamped-batch.ts';
import { newStream } from '../engine/core/stream-state.ts';
import { S2_STREAM_CONFIG } from '../engine/core/config.ts';
import { RecordOpener, sealChunk } from '../engine/stream/record-seals.ts';
import { median, type Row } from './table.ts';

const MIB = 1024 * 1024;
const TURNS = 41;
/** Before anything is measured: AEGIS is compiled while it runs. */
const WARM_MS = 600;
/** As long as what the engine lets the tag vouch for here. */
const ASSOCIATED = new Uint8Array(33 + 'bench-basin\0sealed'.length);
const NOW_MS = 1_700_000_000_000;
const KEY = randomBytes(32);
const PORTS = { compute: systemCompute, entropy: systemEntropy, telemetry: { event: () => {} } };

export async function ciphers(): Promise<Row[]> {
  return [
    ...rowsOf('aes-256-gcm', 1024, 'goal'),
    ...rowsOf('aes-256-gcm', 16 * 1024, 'goal'),
    ...rowsOf('aegis-256', 1024, 'information'),
    ...rowsOf('aegis-256', 16 * 1024, 'information'),
  ];
}

function rowsOf(cipher: Cipher, bodyBytes: number, kind: 'goal' | 'information'): Row[] {
  const bodies = Array.from(
    { length: Math.floor((MIB * 0.9) / bodyBytes) },
    () => new Uint8Array(randomBytes(bodyBytes)),
  );
  const bytes = bodies.length * bodyBytes;
  const warmUntilMs = performance.now() + WARM_MS;
  while (performance.now() < warmUntilMs) {
    bareTurn(bodies);
    engineTurn(cipher, bodies);
  }
  const turns: Record<'sealed' | 'opened' | 'bareSealed' | 'bareOpened', number>[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    // Who goes first alternates: each collects what the other left behind.
    const early = turn % 2 === 0 ? bareTurn(bodies) : null;
    const engine = engineTurn(cipher, bodies);
    turns.push({ ...(early ?? bareTurn(bodies)), ...engine });
  }
  const speed = (name: keyof (typeof turns)[number]) => bytes / MIB / (median(turns.map((turn) => turn[name])) / 1_000);
  const goal = { of: 'ratio', bound: 'at least', than: 0.8 } as const;
  const what = `${cipher}, records of ${bodyBytes / 1024} KiB`;
  const floor = (name: 'bareSealed' | 'bareOpened') => ({
    what: `bare aes-256-gcm of node:crypto, ${bodyBytes / 1024} KiB each`,
    value: speed(name),
  });
  const more = kind === 'goal' ? { goal } : {};
  return [
    { what: `${what}, sealed`, value: speed('sealed'), unit: 'MiB/s of CPU', floor: floor('bareSealed'), ...more },
    { what: '- opened', value: speed('opened'), unit: 'MiB/s of CPU', floor: floor('bareOpened'), ...more },
  ];
}

/** What this process has taken so far: who waits for the processor on a busy machine is not slower for it. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Milliseconds of the processor for all bodies. */
function bareTurn(bodies: readonly Uint8Array[]) {
  const nonces = randomBytes(12 * bodies.length);
  const nonceOf = (i: number) => nonces.subarray(12 * i, 12 * i + 12);
  const startMs = processorMs();
  const sealed = bodies.map((body, i) => {
    const cipher = createCipheriv('aes-256-gcm', KEY, nonceOf(i), { authTagLength: 16 });
    cipher.setAAD(ASSOCIATED);
    const text = cipher.update(body);
    cipher.final();
    return { text, tag: cipher.getAuthTag() };
  });
  const sealedMs = processorMs();
  for (const [i, { text, tag }] of sealed.entries()) {
    const decipher = createDecipheriv('aes-256-gcm', KEY, nonceOf(i), { authTagLength: 16 });
    decipher.setAAD(ASSOCIATED);
    decipher.setAuthTag(tag);
    decipher.update(text);
    decipher.final();
  }
  return { bareSealed: sealedMs - startMs, bareOpened: processorMs() - sealedMs };
}

function engineTurn(cipher: Cipher, bodies: readonly Uint8Array[]) {
  const birth = { id: 1, basin: 'bench-basin', name: 'sealed', createdAtMs: NOW_MS, requestToken: null };
  const stream = { ...newStream({ ...birth, requested: null, cipher, config: S2_STREAM_CONFIG }), cipher };
  const records = bodies.map((body) => ({ timestamp: NOW_MS, headers: [], body }));
  const chunk = admit(stream, { records, matchSeqNum: null, fencingToken: null }, NOW_MS, NOW_MS);
  if (chunk.type === 'refused') throw new Error(`the batch was refused: ${chunk.failure.kind}`);
  const key = new EncryptionKey(KEY.toString('base64'));
  const startMs = processorMs();
  sealChunk(PORTS, stream, chunk, key);
  const sealedMs = processorMs();
  const bytes = new Uint8Array(chunk.batchBytes);
  writeRecords(chunk.batch, bytes, 0);
  const stored = decodeRecords(chunk, bytes);
  const openMs = processorMs();
  const opened = new RecordOpener(PORTS, stream, key, true).open(stored, Infinity);
  if (!Array.isArray(opened) || opened.length !== bodies.length) throw new Error('a record did not open');
  return { sealed: sealedMs - startMs, opened: processorMs() - openMs };
}

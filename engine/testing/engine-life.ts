/**
 * An engine's working life with checkpoints, compaction and collection going on all the time, and what it told its
 * clients: appends to two streams, trims of one of them, a stream that is deleted. Whoever owns the store later is held
 * to that.
 */

import type { Engine } from '../engine.ts';
import { SEGMENT_DEFAULTS } from '../segments/tunables.ts';
import { ENGINE_DEFAULTS, type EngineTunables } from '../tunables.ts';
import { BASIN, batch, FROM_START, trimRecord } from './engine-bench.ts';
import { PROMPT } from './log-bench.ts';

/** So small that a few appends make a checkpoint, two segments a merge, and two publications a milestone. */
export const TINY: EngineTunables = {
  ...ENGINE_DEFAULTS,
  patienceMs: 600_000,
  log: PROMPT,
  segments: {
    ...SEGMENT_DEFAULTS,
    flushBytes: 1_024,
    flushSlots: 2,
    ownSegmentBytes: 1_024,
    segmentBytesMax: 1_024,
    sharedSegmentsMax: 1,
    deadPercentMax: 25,
    overlayRowsMax: 2,
    pageRows: 1,
    cacheBlockBytes: 1_024,
    orphanSweepEvery: 1,
    milestoneEvery: 2,
  },
};

const BODY_LENGTH = 150;
const LASTING = ['left', 'right'] as const;
const DOOMED = 'doomed';

export class EngineLife {
  /** By stream: the bodies that were acknowledged, by sequence number. */
  readonly #acknowledged = new Map<string, Map<number, string>>(LASTING.map((stream) => [stream, new Map()]));
  /** By stream: the highest trim point that was ever asked for. */
  readonly #trimmed = new Map<string, number>();
  #deletion: 'not asked for' | 'asked for' | 'done' = 'not asked for';
  acknowledged = 0;

  /** The same promises, to be kept in another world from here on. */
  copy(): EngineLife {
    const copy = new EngineLife();
    for (const [stream, bodies] of this.#acknowledged) copy.#acknowledged.set(stream, new Map(bodies));
    for (const [stream, trimPoint] of this.#trimmed) copy.#trimmed.set(stream, trimPoint);
    copy.#deletion = this.#deletion;
    copy.acknowledged = this.acknowledged;
    return copy;
  }

  /** Resolves when every append was answered. */
  async live(engine: Engine, name: string, appends: number): Promise<void> {
    await engine.createBasin(BASIN, null);
    await Promise.all([
      this.#chain(engine, 'left', name, appends, 0),
      this.#chain(engine, 'right', name, appends, 3),
      this.#doom(engine),
    ]);
  }

  async #chain(engine: Engine, stream: string, name: string, appends: number, trimEvery: number): Promise<void> {
    await engine.createStream(BASIN, stream, null);
    for (let count = 1; count <= appends; count++) {
      const body = `${name} ${stream} ${count} `.padEnd(BODY_LENGTH, '.');
      const outcome = await engine.append(BASIN, stream, batch(body));
      if (outcome.kind !== 'durable') return;
      const { seqNum } = outcome.ack.start;
      this.#acknowledged.get(stream)?.set(seqNum, body);
      this.acknowledged++;
      if (trimEvery > 0 && count % trimEvery === 0) await this.#trim(engine, stream, seqNum);
    }
  }

  async #trim(engine: Engine, stream: string, to: number): Promise<void> {
    this.#trimmed.set(stream, to);
    await engine.append(BASIN, stream, batch([trimRecord(to)]));
  }

  async #doom(engine: Engine): Promise<void> {
    await engine.createStream(BASIN, DOOMED, null);
    await engine.append(BASIN, DOOMED, batch('x'.repeat(BODY_LENGTH)));
    this.#deletion = 'asked for';
    const outcome = await engine.deleteStream(BASIN, DOOMED);
    if (outcome.kind === 'deleted') this.#deletion = 'done';
  }

  /** What this engine shows that contradicts what was told; empty when nothing does. */
  async contradictions(engine: Engine): Promise<string[]> {
    const found: string[] = [];
    for (const [stream, acknowledged] of this.#acknowledged) {
      const shown = await bodiesOf(engine, stream);
      for (const [seqNum, body] of acknowledged) {
        if (seqNum < (this.#trimmed.get(stream) ?? 0) || shown.get(seqNum) === body) continue;
        found.push(`${stream} ${seqNum} was acknowledged as ${body.trimEnd()}, and is ${shown.get(seqNum) ?? 'gone'}`);
      }
    }
    if (this.#deletion === 'done') {
      const outcome = await engine.checkTail(BASIN, DOOMED);
      if (outcome.kind === 'tail') found.push('the deleted stream is there');
    }
    return found;
  }
}

async function bodiesOf(engine: Engine, stream: string): Promise<Map<number, string>> {
  const bodies = new Map<number, string>();
  for (let from = 0; ;) {
    const outcome = await engine.read(BASIN, stream, { ...FROM_START, start: { kind: 'seq-num', seqNum: from } });
    if (outcome.kind !== 'batch' || outcome.records.length === 0) return bodies;
    for (const { seqNum, body } of outcome.records) bodies.set(seqNum, Buffer.from(body).toString());
    from = (outcome.records.at(-1)?.seqNum ?? 0) + 1;
  }
}

/**
 * What servers have told of one life of one stream, and whether one stream can be all of that (invariants 1, 2, 4, 6 and 7 of
 * docs/ARCHITECTURE.md as anyone who hears every answer can hold servers to them). Pure but for what it remembers; every
 * method says in words what is broken, or null.
 *
 * It needs no search, so it is no judge of all orders there are: that is the checker's. It knows more, though: timestamps,
 * headers, tokens, configurations, and every stream whose life is not ended by anybody.
 */

import type {
  AppendAck,
  AppendInput,
  AppendRecord,
  SequencedRecord,
  StreamConfig,
  StreamPosition,
} from '../../engine/index.ts';
import { sameWords } from '../spec/configs.ts';
import type { StreamFacts } from '../spec/invariants.ts';
import { commandOf } from './commands.ts';

type Content = Pick<AppendRecord, 'headers' | 'body'>;

interface Known {
  timestamp: number | null;
  content: Content | null;
}

export class StreamLedger {
  /** Null once somebody may have changed it. */
  config: StreamConfig | null;
  /** The tail that somebody was told: whoever asks from now on is told no less. */
  tail = 0;
  /** How it was told, for words. */
  #tailBy = 'nobody';
  /** By number. */
  readonly #known: Known[] = [];
  /** Acknowledged appends by the number of their first record. */
  readonly #acknowledged = new Map<number, AppendInput>();
  /** Numbers that were acknowledged. */
  readonly #given: boolean[] = [];
  /** How far anybody asked to trim. */
  #trimmedTo = 0;

  constructor(config: StreamConfig) {
    this.config = config;
  }

  /** Somebody asks for an append, whatever becomes of it. */
  asked({ records }: AppendInput): void {
    for (const record of records) {
      const command = commandOf(record);
      if (command?.op === 'trim') this.#trimmedTo = Math.max(this.#trimmedTo, command.to);
    }
  }

  /** `floor`: the tail that was told when it was asked for; `nowMs`: what no clock of a server is ahead of. */
  acknowledged(input: AppendInput, ack: AppendAck, floor: number, nowMs = Infinity): string | null {
    const { start, end, tail } = ack;
    if (start.seqNum < floor) return `an append that began when the tail was ${floor} got the number ${start.seqNum}`;
    this.#acknowledged.set(start.seqNum, input);
    for (const [index, record] of input.records.entries()) {
      const seqNum = start.seqNum + index;
      if (this.#given[seqNum] === true) return `the number ${seqNum} was acknowledged twice`;
      this.#given[seqNum] = true;
      const broken = this.#learn(seqNum, null, record);
      if (broken !== null) return broken;
    }
    return (
      this.#learn(start.seqNum, start.timestamp, null) ??
      this.#learn(end.seqNum - 1, end.timestamp, null) ??
      this.#ahead(ack, nowMs) ??
      this.told(tail, floor, `the acknowledgement of ${spanOf(start.seqNum, end.seqNum)}`)
    );
  }

  /** The tail, in any answer. */
  told({ seqNum, timestamp }: StreamPosition, floor: number, by = 'another answer'): string | null {
    if (seqNum < floor) return this.#short(seqNum, floor);
    this.#grows(seqNum, by);
    return seqNum === 0 ? null : this.#learn(seqNum - 1, timestamp, null);
  }

  shown(records: readonly SequencedRecord[]): string | null {
    for (const record of records) {
      // Nearly every record was seen before: nothing is to be learned of it.
      const known = this.#known[record.seqNum];
      const isOld = known?.timestamp === record.timestamp && known.content !== null;
      if (isOld && sameContent(known.content as Content, record)) continue;
      const broken = this.#learn(record.seqNum, record.timestamp, record);
      if (broken !== null) return broken;
    }
    this.#grows((records.at(-1)?.seqNum ?? -1) + 1, 'a read');
    return null;
  }

  /** What is durable at the end; its records were shown. */
  final({ config, tail, trimPoint, records }: StreamFacts): string | null {
    if (tail.seqNum < this.tail) return `the tail ${this.tail} was told, and it is ${tail.seqNum}`;
    if (this.config !== null && !sameWords(config, this.config)) {
      return `nobody changed its configuration, and it is ${JSON.stringify(config)}`;
    }
    if (this.config?.retentionAgeS === 'infinite' && trimPoint > this.#trimmedTo) {
      return `everything below ${trimPoint} is trimmed, and nobody asked for more than ${this.#trimmedTo}`;
    }
    return this.#conditions(trimPoint, records) ?? this.#stamps();
  }

  #grows(tail: number, by: string): void {
    if (tail <= this.tail) return;
    this.tail = tail;
    this.#tailBy = by;
  }

  /** Which of the two it is nobody can tell who only hears answers; the second line says what speaks for it. */
  #short(seqNum: number, floor: number): string {
    const [missing] = [...this.#acknowledged].filter(
      ([start, { records }]) => start < floor && start + records.length > seqNum,
    );
    const by = floor === this.tail ? `the tail ${floor} was told by ${this.#tailBy}` : `the tail ${floor} was told`;
    const lost =
      missing === undefined
        ? ''
        : `, and ${spanOf(missing[0], missing[0] + missing[1].records.length)} were acknowledged to one append`;
    return (
      `it tells the tail ${seqNum}, though ${floor} had been told before it was asked for: a stale answer, or records are ` +
      `lost\n${by}${lost}`
    );
  }

  // --- one by one ------------------------------------------------------------------------------------------

  #learn(seqNum: number, timestamp: number | null, content: Content | null): string | null {
    const known = (this.#known[seqNum] ??= { timestamp: null, content: null });
    if (content !== null) {
      if (known.content === null) known.content = content;
      else if (!sameContent(known.content, content)) return `the number ${seqNum} was given two records`;
    }
    if (timestamp === null || timestamp === known.timestamp) return null;
    if (known.timestamp !== null) return `record ${seqNum} has the timestamps ${known.timestamp} and ${timestamp}`;
    known.timestamp = timestamp;
    return this.#ordered(seqNum - 1, seqNum) ?? this.#ordered(seqNum, seqNum + 1);
  }

  /** A stream that caps is ahead of the time only where it was before. */
  #ahead({ start, end }: AppendAck, nowMs: number): string | null {
    const before = start.seqNum === 0 ? 0 : (this.#stampOf(start.seqNum - 1) ?? Infinity);
    if (this.config === null || this.config.timestampingUncapped || end.timestamp <= Math.max(before, nowMs))
      return null;
    return `record ${end.seqNum - 1} is of ${end.timestamp}, and it is ${nowMs}`;
  }

  #ordered(first: number, second: number): string | null {
    const [before, after] = [this.#stampOf(first), this.#stampOf(second)];
    return before !== null && after !== null && after < before
      ? `timestamps run backwards from ${before} to ${after} at record ${second}`
      : null;
  }

  #stampOf(seqNum: number): number | null {
    return this.#known[seqNum]?.timestamp ?? null;
  }

  // --- at the end ------------------------------------------------------------------------------------------

  /** Every append that was acknowledged with a token had the token that was in force in front of it. */
  #conditions(trimPoint: number, records: StreamFacts['records']): string | null {
    let inForce = trimPoint === 0 ? '' : null;
    for (const { seqNum, command } of records) {
      const token = this.#acknowledged.get(seqNum)?.fencingToken ?? null;
      if (token !== null && inForce !== null && token !== inForce) {
        return `the append at ${seqNum} was acknowledged with the token "${token}", and "${inForce}" was in force`;
      }
      if (command?.op === 'fence') inForce = command.token;
    }
    return null;
  }

  /** A timestamp is the one in front of it, or none that is later than what was claimed, where claims are heard. */
  #stamps(): string | null {
    if (this.config === null || this.config.timestampingMode === 'arrival') return null;
    for (const [start, { records }] of this.#acknowledged) {
      for (const [index, { timestamp: claimed }] of records.entries()) {
        const [before, stamp] = [this.#stampOf(start + index - 1) ?? Infinity, this.#stampOf(start + index)];
        if (claimed !== null && stamp !== null && stamp > Math.max(before, claimed)) {
          return `record ${start + index} claims ${claimed} behind one of ${before}, and has ${stamp}`;
        }
      }
    }
    return null;
  }
}

/** `end` is exclusive. */
function spanOf(start: number, end: number): string {
  return `records ${start}..${end - 1}`;
}

function sameContent(a: Content, b: Content): boolean {
  if (a.headers.length !== b.headers.length || !sameBytes(a.body, b.body)) return false;
  if (a.headers.length === 0) return true;
  return a.headers.every(({ name, value }, index) => {
    const other = b.headers[index];
    return other !== undefined && sameBytes(name, other.name) && sameBytes(value, other.value);
  });
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

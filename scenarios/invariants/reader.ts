/** One read as it is heard, unary or a session: its events against the invariants, and against what is known of the stream. */

import type { Engine, ReadInput, SequencedRecord, StreamPosition } from '../../engine/index.ts';
import { brokenPage, brokenUnwritten, metered } from '../spec/invariants.ts';
import { heardSteps } from './heard-steps.ts';
import type { StreamLedger } from './ledger.ts';

type Events = Extract<Awaited<ReturnType<Engine['readSession']>>, { kind: 'open' }>['events'];

export class Reader {
  readonly #ledger: () => StreamLedger | null;
  readonly #hold: (words: string | null) => void;
  /** The tail that was told when the answer under way was asked for. */
  #floor: number;
  /** What it returned so far. */
  readonly #taken = { records: 0, meteredBytes: 0 };
  /** The number behind its last record. */
  #next = 0;

  /** Null while the stream is not known. */
  constructor(ledger: () => StreamLedger | null, hold: (words: string | null) => void) {
    this.#ledger = ledger;
    this.#hold = hold;
    this.#floor = ledger()?.tail ?? 0;
  }

  asked(): void {
    this.#floor = this.#ledger()?.tail ?? 0;
  }

  tail(tail: StreamPosition): void {
    this.#hold(this.#ledger()?.told(tail, this.#floor) ?? null);
  }

  batch(input: ReadInput, records: readonly SequencedRecord[], tail: StreamPosition | null): void {
    const [first] = records;
    if (first !== undefined && first.seqNum < this.#next) {
      this.#hold(`record ${first.seqNum} was returned behind ${this.#next - 1}`);
    }
    this.#hold(brokenPage(input, records, tail, this.#taken));
    this.#hold(this.#ledger()?.shown(records) ?? null);
    this.#next = (records.at(-1)?.seqNum ?? this.#next - 1) + 1;
    this.#taken.records += records.length;
    if (input.meteredBytes !== null) for (const record of records) this.#taken.meteredBytes += metered(record);
  }

  unwritten(input: ReadInput, tail: StreamPosition): void {
    this.#hold(brokenUnwritten(input, tail));
    this.tail(tail);
  }
}

/** The events of a session, heard as they are taken. */
export function heardReader(events: Events, input: ReadInput, reader: Reader): Events {
  return heardSteps(
    events,
    (event) => {
      if (event.kind === 'batch') reader.batch(input, event.records, event.tail);
      else if (event.kind === 'heartbeat') reader.tail(event.tail);
    },
    () => reader.asked(),
  );
}

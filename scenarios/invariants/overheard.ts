/**
 * Engines whose every answer is heard in the very turn it is given, and held to the invariants of the specification. What they
 * are asked and what they answer is left as it is.
 *
 * A stream is known from the answer that told its configuration, and for as long as nobody may have ended its life; of other
 * streams each answer is judged by itself. The keys that streams are appended to with are kept, unlike servers keep them: at
 * the end of a run somebody has to open what is sealed.
 */

import type { Engine } from '../../engine/index.ts';
import { brokenAck, brokenListing, brokenRefusal } from '../spec/invariants.ts';
import { heardOf, heardSteps } from './heard-steps.ts';
import { StreamLedger } from './ledger.ts';
import { heardReader, Reader } from './reader.ts';

type Key = Parameters<Engine['append']>[3];
type Outcome<Method extends keyof Engine> = Engine[Method] extends (...args: never[]) => Promise<infer Told>
  ? Told
  : never;
type AppendInput = Parameters<Engine['append']>[2];
type AppendSession = Extract<Outcome<'appendSession'>, { kind: 'open' }>['session'];

/** Told in words which invariant is broken, and of what. */
export type Broken = (words: string) => void;
/** Told at every look; null, that all are kept. */
type Held = (words: string | null) => void;

export class Overheard {
  readonly #held: Held;
  readonly #nowMs: () => number;
  /** Null of a name whose life may have ended. */
  readonly #ledgers = new Map<string, StreamLedger | null>();
  /** Basins that somebody asked to delete: their streams may go at any time. */
  readonly #doomed = new Set<string>();
  /** Ids of streams that somebody was told to have created. */
  readonly #created = new Set<number>();
  /** In base64, by the name of the stream. */
  readonly #keys = new Map<string, Set<string>>();

  /** `nowMs`: what no clock of a server is ahead of. */
  constructor(held: Held, nowMs: () => number) {
    this.#held = held;
    this.#nowMs = nowMs;
  }

  /** Null of a stream that is not known from its beginning to now. */
  ledger(basin: string, stream: string): StreamLedger | null {
    return this.#ledgers.get(`${basin}/${stream}`) ?? null;
  }

  /** In base64, every key that anybody appended to a stream of that name with. */
  keys(basin: string, stream: string): readonly string[] {
    return [...(this.#keys.get(`${basin}/${stream}`) ?? [])];
  }

  /** The engine, as it is to be asked. */
  engine(engine: Engine): Engine {
    const heard: Partial<Engine> = {
      ...this.#lives(engine),
      append: (...asked) => {
        this.#hearKey(asked[0], asked[1], asked[3]);
        const told = this.#appends(asked[0], asked[1], asked[2]);
        return heardOf(engine.append(...asked), told);
      },
      appendSession: async (...asked) => {
        const [basin, name, key] = asked;
        this.#hearKey(basin, name, key);
        const opened = await engine.appendSession(...asked);
        return opened.kind === 'open' ? { ...opened, session: this.#session(basin, name, opened.session) } : opened;
      },
      checkTail: (basin, name) => {
        const reader = this.#reader(basin, name);
        return heardOf(
          engine.checkTail(basin, name),
          (outcome) => outcome.kind === 'tail' && reader.tail(outcome.tail),
        );
      },
      read: (...asked) => {
        const [basin, name, input] = asked;
        const reader = this.#reader(basin, name);
        return heardOf(engine.read(...asked), (outcome) => {
          if (outcome.kind === 'batch') reader.batch(input, outcome.records, outcome.tail);
          else if (outcome.kind === 'unwritten') reader.unwritten(input, outcome.tail);
        });
      },
      readSession: async (...asked) => {
        const [basin, name, input] = asked;
        const reader = this.#reader(basin, name);
        const opened = await engine.readSession(...asked);
        if (opened.kind === 'unwritten') reader.unwritten(input, opened.tail);
        return opened.kind === 'open' ? { ...opened, events: heardReader(opened.events, input, reader) } : opened;
      },
    };
    return Object.assign(Object.create(engine) as Engine, heard);
  }

  // --- lives -----------------------------------------------------------------------------------------------

  #lives(engine: Engine): Partial<Engine> {
    return {
      createStream: (basin, name, token, wish) =>
        heardOf(engine.createStream(basin, name, token, wish), (outcome) => this.#provisioned(basin, name, outcome)),
      ensureStream: (basin, name, wish) => {
        this.#forget(basin, name);
        return engine.ensureStream(basin, name, wish);
      },
      reconfigureStream: (basin, name, patch) => {
        const ledger = this.ledger(basin, name);
        // Of a stream whose creation is under way nothing is known: the change may come behind it.
        if (ledger === null || patch.deleteOnEmptyMinAgeS !== undefined) this.#forget(basin, name);
        else ledger.config = null;
        return engine.reconfigureStream(basin, name, patch);
      },
      deleteStream: (basin, name) => {
        this.#forget(basin, name);
        return engine.deleteStream(basin, name);
      },
      deleteBasin: (basin) => {
        this.#doomed.add(basin);
        for (const key of this.#ledgers.keys()) if (key.startsWith(`${basin}/`)) this.#ledgers.set(key, null);
        return engine.deleteBasin(basin);
      },
      listBasins: (query) => heardOf(engine.listBasins(query), (outcome) => this.#listed('the basins', query, outcome)),
      listStreams: (basin, query) =>
        heardOf(engine.listStreams(basin, query), (outcome) => this.#listed(`basin ${basin}`, query, outcome)),
    };
  }

  #provisioned(basin: string, name: string, outcome: Outcome<'createStream'>): void {
    if (!('row' in outcome)) return;
    const { id, config, name: given } = outcome.row;
    if (given !== name) this.#hold(`the creation of ${name}`, `it made "${given}"`);
    if (outcome.kind === 'created' && this.#created.has(id)) {
      this.#hold(`the creation of ${name}`, `its stream was created before, with the id ${id}`);
    }
    if (outcome.kind === 'created') this.#created.add(id);
    const key = `${basin}/${name}`;
    if (this.#ledgers.has(key) || this.#doomed.has(basin)) return;
    this.#ledgers.set(key, config.deleteOnEmptyMinAgeS === 0 ? new StreamLedger(config) : null);
  }

  #forget(basin: string, name: string): void {
    this.#ledgers.set(`${basin}/${name}`, null);
  }

  #listed(
    what: string,
    query: Parameters<Engine['listBasins']>[0],
    outcome: Outcome<'listBasins' | 'listStreams'>,
  ): void {
    if (outcome.kind !== 'page') return;
    const names = outcome.page.rows.map(({ name }) => name);
    this.#hold(`a listing of ${what}`, brokenListing(query, names));
  }

  /** Its bytes are copied: the server erases the key with its request. */
  #hearKey(basin: string, name: string, key: Key): void {
    if (key === null || key === undefined || key.flaw !== null) return;
    const path = `${basin}/${name}`;
    const keys = this.#keys.get(path) ?? new Set();
    this.#keys.set(path, keys.add(Buffer.from(key.bytes).toString('base64')));
  }

  // --- records ---------------------------------------------------------------------------------------------

  /** An append is asked for now; how it ends is told to what is returned. */
  #appends(basin: string, name: string, input: AppendInput): (outcome: Outcome<'append'>) => void {
    const ledger = this.ledger(basin, name);
    const floor = ledger?.tail ?? 0;
    ledger?.asked(input);
    return (outcome) => {
      if (outcome.kind === 'rejected') this.#hold(`an append to ${name}`, brokenRefusal(input, outcome.reason));
      if (outcome.kind !== 'durable') return;
      const isKnown = ledger !== null && this.ledger(basin, name) === ledger;
      const broken = brokenAck(input, outcome.ack);
      this.#hold(
        `an append to ${name}`,
        broken ?? (isKnown ? ledger.acknowledged(input, outcome.ack, floor, this.#nowMs()) : null),
      );
    };
  }

  #session(basin: string, name: string, session: AppendSession): AppendSession {
    const underWay: ((outcome: Outcome<'append'>) => void)[] = [];
    const outcomes = session.outcomes();
    const heard: Pick<AppendSession, 'submit' | 'close' | 'refuse' | 'abandon' | 'outcomes'> = {
      submit: (input) => {
        underWay.push(this.#appends(basin, name, input));
        return session.submit(input);
      },
      close: () => session.close(),
      refuse: (reason) => session.refuse(reason),
      abandon: () => session.abandon(),
      // Behind the first failure nothing is told, and why the server ended the session belongs to no input.
      outcomes: () => heardSteps(outcomes, (outcome) => underWay.shift()?.(outcome)),
    };
    return heard as AppendSession;
  }

  #reader(basin: string, name: string): Reader {
    const ledger = this.ledger(basin, name);
    const known = (): StreamLedger | null => (this.ledger(basin, name) === ledger ? ledger : null);
    return new Reader(known, (words) => this.#hold(`a read of ${name}`, words));
  }

  #hold(what: string, words: string | null): void {
    this.#held(words === null ? null : `${what}: ${words}`);
  }
}

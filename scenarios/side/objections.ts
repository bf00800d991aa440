/**
 * Why no state explains an answer, in one sentence. The judge only knows that none does; this looks for the nearest
 * miss, so that the reason says what went wrong and not merely that something did. Nothing here changes a verdict.
 */

import { firstAtOrAfter } from './answers.ts';
import type { SideOperation } from './history.ts';
import { expirable, type Life, type StreamState } from './model.ts';
import { isData, type Stamps } from './stamps.ts';
import { outcomeWords, shortBody } from './words.ts';

export interface Reason {
  /** Groups equal failures. */
  code: string;
  /** Completes a sentence whose subject is the operation. */
  text: string;
}

interface Objection extends Reason {
  /** The higher, the more of the answer fitted. */
  rank: number;
}

/** `states` are all that were possible between call and return; `operations` everything that happened to the stream. */
export function reasonFor(
  operation: SideOperation,
  states: readonly StreamState[],
  stamps: Stamps,
  operations: readonly SideOperation[],
): Reason {
  const lives = states.filter((state): state is Life => state !== null && !state.isDoomed);
  if (operation.outcome?.kind === 'page') {
    const objections = lives.map((life) => pageObjection(operation, life, stamps, operations));
    const nearest = objections.toSorted((a, b) => b.rank - a.rank)[0];
    return nearest ?? { code: 'no-such-stream', text: 'it returned records of a stream that does not exist' };
  }
  const code = `impossible-${operation.outcome?.kind ?? 'nothing'}`;
  const answer = operation.outcome === null ? '' : outcomeWords(operation.outcome);
  return { code, text: `it was answered with \`${answer}\`, and ${possibilities(states)}` };
}

function pageObjection(
  operation: SideOperation,
  life: Life,
  stamps: Stamps,
  operations: readonly SideOperation[],
): Objection {
  const { call, outcome } = operation;
  const records = outcome?.kind === 'page' ? outcome.records : [];
  const stranger = records.find(({ seqNum, content }) => (life.records[seqNum]?.content ?? content) !== content);
  if (stranger !== undefined) return strangerObjection(stranger, life, operations);
  const beyond = records.find(({ seqNum }) => seqNum >= life.records.length);
  if (beyond !== undefined) return beyondObjection(beyond, life, operations);
  const start = records[0]?.seqNum ?? life.records.length;
  if (start < life.trimPoint) {
    const text = `it returned record ${start}, and everything below ${life.trimPoint} was trimmed`;
    return { code: 'trimmed-is-back', text, rank: 3 };
  }
  const byTimestamp = call.kind === 'read' && call.from.kind === 'timestamp' ? call.from.timestamp : null;
  const fromSeqNum = call.kind === 'read' && call.from.kind === 'seq-num' ? call.from.seqNum : 0;
  const due = byTimestamp === null ? Math.max(life.trimPoint, fromSeqNum) : firstAtOrAfter(life, byTimestamp, stamps);
  const missing = due === null ? 'records' : `record ${due}`;
  if (life.retentionAgeMs !== null && expirable(life, operation.returnedMs) > life.trimPoint) {
    const text = `it passed over ${missing}, which is younger than the ${life.retentionAgeMs} ms it is to be kept`;
    return { code: 'removed-young', text, rank: 4 };
  }
  if (byTimestamp !== null) {
    return { code: 'too-late', text: `it passed over ${missing}, which is at or after that timestamp`, rank: 4 };
  }
  return life.retentionAgeMs === null
    ? { code: 'lost', text: `it passed over ${missing}, which nobody trimmed`, rank: 4 }
    : { code: 'removed-young', text: `it passed over ${missing}, which is too young to expire`, rank: 4 };
}

/** A record that is not the one in its place. */
function strangerObjection(
  stranger: { seqNum: number; content: string },
  life: Life,
  operations: readonly SideOperation[],
): Objection {
  const what = `it returned ${shortBody(stranger.content)} as record ${stranger.seqNum}`;
  const home = life.records.findIndex(({ content }) => content === stranger.content);
  if (home >= 0 && isData(stranger)) return { code: 'wrong-order', text: `${what}, and it is record ${home}`, rank: 2 };
  return { ...origin(stranger.content, life, operations, what), rank: 1 };
}

function beyondObjection(
  beyond: { seqNum: number; content: string },
  life: Life,
  operations: readonly SideOperation[],
): Objection {
  const what = `it returned ${shortBody(beyond.content)} as record ${beyond.seqNum}, behind the tail ${life.records.length}`;
  if (life.records.some(({ content }) => content === beyond.content) && isData(beyond)) {
    return { code: 'duplicate', text: `${what}, and it stands in the stream before`, rank: 2 };
  }
  return { ...origin(beyond.content, life, operations, what), rank: 2 };
}

/** Where a record comes from that has no business in this life. */
function origin(content: string, life: Life, operations: readonly SideOperation[], what: string): Reason {
  const source = operations.find(
    ({ call }) =>
      call.kind === 'append' && call.records.some((record) => record.kind === 'data' && record.body === content),
  );
  if (source === undefined) return { code: 'never-written', text: `${what}, which nobody wrote there` };
  if (source.outcome?.kind === 'refused' || source.outcome?.kind === 'mismatch') {
    return { code: 'refused-is-there', text: `${what}, and its append was refused` };
  }
  if (source.id < life.birth) {
    return { code: 'back-from-the-dead', text: `${what}, and it was written before the stream was deleted` };
  }
  return { code: 'impossible-page', text: `${what}, where no order of the appends puts it` };
}

function possibilities(states: readonly StreamState[]): string {
  const words = states.map((state) =>
    state === null
      ? 'there was no stream'
      : state.isDoomed
        ? 'the stream was being deleted'
        : `the tail was ${state.records.length}${state.trimPoint > 0 ? ` with everything below ${state.trimPoint} trimmed` : ''}`,
  );
  const distinct = [...new Set(words)];
  return distinct.length === 0 ? 'nothing was possible' : distinct.slice(0, 4).join(', or ');
}

/** What can be told only from the whole history of the control plane: the races that took place. Pure. */

import { basinOf, sameConfig } from './config.ts';
import { answerOf, type ControlAnswer, type ControlCall, type ControlOperation } from './history.ts';
import type { ControlProbe } from './probes.ts';

export function controlFacts(operations: readonly ControlOperation[]): Set<ControlProbe> {
  const facts = new Set<ControlProbe>();
  for (const operation of operations) {
    for (const fact of factsOf(operation)) facts.add(fact);
    for (const other of operations) {
      if (other.group !== operation.group || other.id === operation.id) continue;
      if (overlap(operation, other)) for (const fact of racesOf(operation, other)) facts.add(fact);
      if (other.returnedAt < operation.calledAt)
        for (const fact of sequelsOf(other, operation, operations)) facts.add(fact);
    }
  }
  return facts;
}

/** What an operation shows by itself. */
function* factsOf({ call, outcome }: ControlOperation): Generator<ControlProbe> {
  if (outcome?.kind === 'unknown') {
    if (call.kind.startsWith('create')) yield 'control.creation-in-doubt';
    if (/^(?:ensure|reconfigure)/.test(call.kind)) yield 'control.change-in-doubt';
    if (call.kind.startsWith('delete')) yield 'control.deletion-in-doubt';
  }
  const isPending = outcome?.kind === 'basin-pending' || outcome?.kind === 'stream-pending';
  if (isPending && /^(?:create|ensure)/.test(call.kind)) yield 'control.creation-met-deletion';
  if (outcome?.kind === 'timestamp-missing') yield 'control.timestamp-required';
  if (outcome?.kind === 'key-missing') yield 'control.key-missing';
  if (outcome?.kind === 'listed') {
    if (outcome.hasMore) yield 'control.page-full';
    if (outcome.rows.some(({ deletedAt }) => deletedAt !== null)) yield 'control.listed-doomed';
  }
  if (outcome?.kind === 'config' && call.kind === 'reconfigure-stream' && Object.values(call.patch).includes(null)) {
    yield 'control.cleared';
  }
}

/** What two operations show that were under way at once. */
function* racesOf(one: ControlOperation, other: ControlOperation): Generator<ControlProbe> {
  const [a, b] = [one.call, other.call];
  const [didOne, didOther] = [answerOf(one), answerOf(other)];
  if (didOne === null || didOther === null || !sameBasin(a, b)) return;
  const isMade = didOne.kind === 'provisioned' && didOne.result === 'created';
  const isChanged = didOther.kind === 'config' || didOther.kind === 'provisioned';
  if (isMade && /^(?:create|ensure)/.test(b.kind) && sameName(a, b)) yield 'control.creations-raced';
  if (a.kind === 'append') {
    if (/^(?:reconfigure|ensure)-stream/.test(b.kind) && sameName(a, b) && isChanged) yield 'control.change-met-append';
    const isOfBoth = b.kind === 'delete-basin' || (b.kind === 'delete-stream' && sameName(a, b));
    if (isOfBoth && didOther.kind === 'deleted') yield 'control.deletion-met-append';
  }
  const isOfBasin = /^(?:reconfigure|ensure)-basin/.test(b.kind) && isChanged;
  if (isOfBasin && /^(?:append|read|check-tail)$/.test(a.kind)) yield 'control.change-met-birth';
  if (isOfBasin && isMade && 'stream' in a) yield 'control.change-met-creation';
  if (didOne.kind === 'deleted' && /^(?:reconfigure|ensure)/.test(b.kind) && sameName(a, b))
    yield 'control.deletion-met-change';
  const comesOrGoes = /^(?:create|ensure|delete)/.test(b.kind) && (isChanged || didOther.kind === 'deleted');
  if (didOne.kind === 'listed' && comesOrGoes) yield 'control.listing-met-change';
}

/** What an operation shows that was called after another had returned; `all` is what happened in between. */
function* sequelsOf(
  before: ControlOperation,
  after: ControlOperation,
  all: readonly ControlOperation[],
): Generator<ControlProbe> {
  const [a, b] = [before.call, after.call];
  const [did, does] = [answerOf(before), answerOf(after)];
  const between = (wanted: (call: ControlCall) => boolean): boolean =>
    all.some(
      (other) =>
        ![before.id, after.id].includes(other.id) &&
        wanted(other.call) &&
        other.calledAt < after.returnedAt &&
        other.returnedAt > before.calledAt,
    );
  if (did?.kind === 'config' && 'cipher' in did.config && 'basin' in b && sameBasin(a, b)) {
    const { cipher } = did.config;
    const isOther = ciphersShown(b, does).some((shown) => shown !== cipher);
    if (isOther && !between((call) => call.kind.endsWith('-basin') && sameBasin(a, call))) yield 'control.cipher-kept';
  }
  if (!sameName(a, b)) return;
  if (did?.kind === 'deleted' && does?.kind === 'provisioned' && does.result === 'created') {
    yield 'control.created-again';
  }
  if (!isCreation(a) || !isCreation(b) || a.token === null || a.token !== b.token) return;
  if (does?.kind === 'provisioned' && does.result === 'noop') {
    yield 'control.repeated';
    const isChanged = between((call) => /^(?:reconfigure|ensure)/.test(call.kind) && sameName(a, call));
    if (did?.kind === 'provisioned' && did.result === 'created' && isChanged) yield 'control.repeated-later';
  }
  if (did?.kind === 'provisioned' && does?.kind === 'exists' && !sameConfig(wishOf(a), wishOf(b))) {
    yield 'control.token-elsewhere';
  }
}

type Creation = Extract<ControlCall, { kind: 'create-basin' | 'create-stream' }>;

function isCreation(call: ControlCall): call is Creation {
  return call.kind === 'create-basin' || call.kind === 'create-stream';
}

function wishOf(call: Creation): object {
  return call.kind === 'create-basin' ? basinOf(call.wish) : call.wish;
}

/** Of each stream that an answer shows. */
function ciphersShown(call: ControlCall, told: ControlAnswer | null): (string | null)[] {
  if (told?.kind === 'provisioned' && 'stream' in call) return [told.shown.cipher];
  return told?.kind === 'listed' ? told.rows.map(({ cipher }) => cipher) : [];
}

function sameBasin(a: ControlCall, b: ControlCall): boolean {
  // A listing of basins shows them all.
  return !('basin' in a) || !('basin' in b) || a.basin === b.basin;
}

/** Of the same stream, or both of the same basin itself. */
function sameName(a: ControlCall, b: ControlCall): boolean {
  return 'basin' in a && 'basin' in b && a.basin === b.basin && streamOf(a) === streamOf(b);
}

function streamOf(call: ControlCall): string | null {
  return 'stream' in call ? call.stream : null;
}

function overlap(a: ControlOperation, b: ControlOperation): boolean {
  return a.calledAt < b.returnedAt && b.calledAt < a.returnedAt;
}

/**
 * The extended model with one rule taken out or bent, and what extends the floor theorem. They are tried on the histories of
 * testdata/extended first, then on those that need no search, then on random ones.
 */

import type { Mutant } from './mutant.ts';

const onExtended = (
  breaks: string,
  ...edits: readonly (readonly [file: string, find: string, replace: string])[]
): Mutant => ({
  breaks,
  on: 'extended',
  edits: edits.map(([file, find, replace]) => ({ file: `checker/extended/${file}`, find, replace })),
});

/** Where states are compared. Two that count as equal then must have equal hashes, or they are never compared. */
const onStates = (breaks: string, find: string): Mutant =>
  onExtended(
    breaks,
    ['state.ts', find, ''],
    ['model.ts', 'mixed(hashBesidesStream(state), plain.hash!(state.stream))', '0'],
  );

export const EXTENDED_MUTANTS: readonly Mutant[] = [
  onExtended('tails of rejections', ['observations.ts', 'if (actual.tail !== tail) return', 'if (tail < 0) return']),
  onExtended('rejections of what holds', [
    'observations.ts',
    'return call.matchSeqNum !== null && call.matchSeqNum !== tail',
    'return call.matchSeqNum !== null',
  ]),
  onExtended('rejections look at the token first', [
    'observations.ts',
    'if (call.fencingToken !== null && call.fencingToken !== fencingToken)',
    'if (tail < 0)',
  ]),
  onExtended('tokens of rejections', [
    'observations.ts',
    "if (actual.fencingToken !== (fencingToken ?? ''))",
    'if (tail < 0)',
  ]),
  onExtended('rejections of the token in force', [
    'observations.ts',
    'return call.fencingToken !== null && call.fencingToken !== fencingToken',
    'return call.fencingToken !== null',
  ]),
  onExtended('content of parts', ['batches.ts', 'recordHashes[at] !== batch.recordHashes[i] ||', '']),
  onExtended('content beyond bodies', [
    'batches.ts',
    'areOther(contentHashes?.[at], batch.contentHashes?.[i])',
    'at < 0',
  ]),
  onExtended('contents that readers told', [
    'contents.ts',
    'areOther(content.hash, toldContent)',
    'content.hash === -1n',
  ]),
  onExtended('contents that readers told, where lives are in doubt', [
    'observations.ts',
    '(shownContents.get(position) ?? told) !== told',
    'position < 0',
  ]),
  onStates(
    'contents that readers told, in states',
    'haveEqualEntries(a.shownContents, b.shownContents, (one, other) => one === other) &&',
  ),
  onStates('content of states', 'a.content === b.content &&'),
  onExtended('parts behind the tail', [
    'observations.ts',
    'if (start + recordHashes.length > written)',
    'if (start < 0)',
  ]),
  onExtended(
    'tails of parts',
    [
      'swept.ts',
      'return tells ? output.tail : null;',
      "return tells && output.kind !== 'read-part-success' ? output.tail : null;",
    ],
    ['observations.ts', 'if (tail !== null && tail !== written) return', 'if (start < 0) return'],
  ),
  onExtended('trims are not undone', ['observations.ts', 'if (start < state.trimmed) return', 'if (start < 0) return']),
  onExtended('a read of the whole begins at 0', [
    'operations.ts',
    "output.kind === 'read-success' && this.#facts.mayTrim",
    "output.kind === 'read-failure'",
  ]),
  onExtended('what is gathered may be gone', ['operations.ts', 'isGathered: true };', '};']),
  onExtended('trims were asked for', ['ages.ts', 'position <= Math.max(trimmed, trimAsked)', 'position >= 0']),
  onExtended('positions that are written', [
    'observations.ts',
    "!('seqNum' in call.from) || call.from.seqNum >= tail",
    'tail >= 0',
  ]),
  onExtended('tails of acknowledgements', [
    'operations.ts',
    'if (tail > end)\n      this',
    'if (tail < end)\n      this',
  ]),
  onExtended('starts of acknowledgements', ['operations.ts', 'end - start !== count || tail < end', 'tail < end']),
  onExtended('followers go on where they are', [
    'sessions.ts',
    'session.from = { seqNum: end };',
    'session.from = { seqNum: 0 };',
  ]),
  onExtended('tails that followers heard of', [
    'sessions.ts',
    'if (tail < latest) return outOfTurn',
    'if (tail < 0) return outOfTurn',
  ]),
  onExtended('events travel', ['operations.ts', 'delivery?.openedAt ?? at', 'at']),
  onExtended(
    'turns',
    [
      'model.ts',
      'call.turn !== undefined && (state.turns.get(call.turn.session) ?? 0) !== call.turn.index)\n      return',
      'state.stream.tail < 0)\n      return',
    ],
    ['sessions.ts', 'withoutEffect.add(sent.opId);', ''],
  ),
  onExtended(
    'turns of rejections',
    [
      'observations.ts',
      'call.turn !== undefined && (state.turns.get(call.turn.session) ?? 0) !== call.turn.index)\n    return',
      'state.stream.tail < 0)\n    return',
    ],
    ['sessions.ts', "|| sent.outcome?.kind === 'append-rejected'", ''],
  ),
  onExtended(
    'sessions of appends end with their stream',
    ['model.ts', "phase: 'doomed', turns: NO_TURNS", "phase: 'doomed', turns: sent"],
    ['model.ts', 'const ended = ({ reads, clockMs }', 'const ended = ({ turns: sent, reads, clockMs }'],
  ),
  onStates('turns of states', ' &&\n    haveEqualEntries(a.turns, b.turns, (one, other) => one === other)'),
  onExtended(
    'a life begins empty',
    [
      'model.ts',
      "state: { ...empty, phase: 'present', ...own, turns, reads, clockMs }",
      "state: { ...state, phase: 'present', ...own }",
    ],
    [
      'model.ts',
      "state: { ...empty, phase: 'doomed', turns: NO_TURNS, reads, clockMs },",
      "state: { ...empty, ...was, phase: 'doomed' },",
    ],
    ['model.ts', 'const ended = ({ reads, clockMs }: ExtendedState)', 'const ended = (was: ExtendedState)'],
  ),
  onExtended('creations by the same request', [
    'observations.ts',
    'call.token !== null && call.token === state.creation',
    'call.token !== null',
  ]),
  onExtended('a name is free once', [
    'model.ts',
    "return state.phase === 'doomed' ? { legal: true, state }",
    "return state.phase !== 'present' ? { legal: true, state }",
  ]),
  onExtended('a stream that is there', [
    'model.ts',
    "state.phase === 'present'\n        ? { legal: false, reason: 'the stream exists' }",
    "state.stream.tail < 0\n        ? { legal: false, reason: 'the stream exists' }",
  ]),
  onExtended('what reaches into two lives', [
    'lives.ts',
    'possible.length !== 1) return null',
    'possible.length === 0) return null',
  ]),
  onExtended('late appends of an earlier life', [
    'lives.ts',
    'for (const life of possible) life',
    'for (const life of possible.slice(0, 1)) life',
  ]),
  onExtended('a stream that a request created was not removed, perhaps', [
    'check.ts',
    "'verdict' in unremoved && unremoved.verdict === 'ok' ? unremoved :",
    "'verdict' in unremoved && unremoved.verdict === 'unknown' ? unremoved :",
  ]),
  onExtended('or it was removed', [
    'check.ts',
    "'verdict' in unremoved && unremoved.verdict === 'ok' ? unremoved : ",
    "'verdict' in unremoved ? unremoved : ",
  ]),
  onExtended('one request created the first stream', ['model.ts', 'creation: createdBy,', '']),
  onExtended('one that nobody is told of may have created it', [
    'lives.ts',
    '[null, ...new Set(told)]',
    'told.length === 0 ? [null] : told',
  ]),
  onExtended('timestamps told twice', [
    'timestamps.ts',
    'least !== null && bounds[i]!.high < least.low',
    'least !== null && bounds[i]!.high < least.low && least.position < position',
  ]),
  onExtended('timestamps that fall', [
    'timestamps.ts',
    'least !== null && bounds[i]!.high < least.low',
    'least !== null && bounds[i]!.high < least.low && least.position === position',
  ]),
  onExtended('timestamps of tails', [
    'timed.ts',
    'call.tailTimestamp !== undefined && tail !== null',
    'call.tailTimestamp !== undefined && tail === 0',
  ]),
  onExtended('the timestamp of an empty stream', ['timed.ts', 'high: tail === 0 ? 0 : ', 'high: ']),
  onExtended('timestamps of acknowledgements', [
    'timed.ts',
    'exactly(outcome.start, outcome.timestamps[0]);\n    exactly(outcome.end - 1, outcome.timestamps[1]);',
    '',
  ]),
  onExtended('reads from a timestamp begin no earlier', [
    'timed.ts',
    'bounds.push({ position: start, low: from,',
    'bounds.push({ position: start, low: 0,',
  ]),
  onExtended('reads from a timestamp begin no later', [
    'stamps.ts',
    'return { position: start - 1, low: 0, high: from - 1 };',
    'return { position: start - 1, low: 0, high: from + 9 };',
  ]),
  onExtended('nothing from a timestamp on', [
    'timed.ts',
    "outcome.kind === 'read-unwritten' ? outcome.tail : 0",
    "outcome.kind === 'read-failure' ? -1 : 0",
  ]),
  onExtended('timestamps where lives are in doubt', [
    'model.ts',
    'const known = stamped ? timed',
    'const known = !answer ? timed',
  ]),
  onStates('timestamps of states', 'areEqual(a.stamps, b.stamps) &&'),
  onExtended('what a read from a timestamp passes over is gone', [
    'timed.ts',
    'const trimmed = Math.max(state.trimmed, next.goneBelow)',
    'const { trimmed } = state',
  ]),
  onExtended('what is shown later was there', ['timed.ts', '[...bounds, ...outdated.map(olderThan)]', 'bounds']),
  onExtended('what a read from a timestamp passes over had its age', [
    'timed.ts',
    'const clockMs = Math.max(state.clockMs, next.sinceMs)',
    'const { clockMs } = state',
  ]),
  onExtended('what was told before it had its age', ['timed.ts', ' || claim.sinceMs > returnedMs', '']),
  onExtended('what was told before it had its age, of answers that change nothing', [
    'model.ts',
    'datesReads !== true && ',
    '',
  ]),
  // Appends that were shown.
  onExtended('shown appends have a place', [
    'pins.ts',
    'for (let before = Infinity; open.length < before;)',
    'for (let before = 0; open.length < before;)',
  ]),
  onExtended('whoever was shown an append had returned behind it', [
    'pins.ts',
    'return: Math.min(append.return, first.return),',
    'return: append.return,',
  ]),
  onExtended('the only one who can have written a record', [
    'pins.ts',
    'if (possible.length > 1) left',
    'if (possible.length < 1) left',
  ]),
  onExtended('which of its records was shown', ['pins.ts', 'position - one.index', 'position']),
  onExtended('a shown append stands once', ['pins.ts', 'if (elsewhere !== undefined)', 'if (elsewhere === append)']),
  onExtended('a shown append stands where its condition holds', [
    'pins.ts',
    'input.matchSeqNum !== null && input.matchSeqNum !== start',
    'input.matchSeqNum === -1',
  ]),
  onExtended('what is beside a shown record', [
    'pins.ts',
    'return known === undefined ? null',
    'return position >= 0 ? null',
  ]),
  onExtended('a shown append was called before it was seen', ['pins.ts', 'before.reach > start', 'before.reach < 0']),
  onExtended('a shown append took effect before it returned', [
    'pins.ts',
    'below !== null && below.low <',
    'below?.low === -1 && below.low <',
  ]),
  onExtended('shown appends of a session are in turn', [
    'pins.ts',
    '(index < turn.index ? at > start : at < start)',
    'index === -1',
  ]),
  onExtended('of those alike the same record', [
    'pins.ts',
    'ofHash.get(`${index} ${kind}`)',
    'ofHash.values().next().value',
  ]),
  onExtended('those alike hold the same and demand the same', [
    'pins.ts',
    'this.#isOpen(append) ? this.#keyOf(append) : append',
    "this.#isOpen(append) ? 'open' : append",
  ]),
  ...['setFencingToken, ', 'fencingToken, ', 'trim, '].map((told) =>
    onExtended(`those alike have the same ${told.slice(0, -2)}`, [
      'pins.ts',
      `[...hashes, setFencingToken, fencingToken, matchSeqNum, trim, hadReturned]`,
      `[...hashes, setFencingToken, fencingToken, matchSeqNum, trim, hadReturned]`.replace(` ${told}`, ' '),
    ]),
  ),
  onExtended('those alike have the same contents', ['pins.ts', 'contentHashes?.join() ?? null];', 'null];']),
  onExtended('those alike were called behind the same answers', ['pins.ts', 'trim, hadReturned]', 'trim]']),
  onExtended('those alike are open for ever', ['pins.ts', 'end > this.#latestCall &&', 'end > 0 &&']),
  onExtended('those alike are open for ever, in all lives', [
    'pins.ts',
    'const alike = new Alike(all);',
    'const alike = new Alike(lives[0]!);',
  ]),
  onExtended('those alike are in no session', ['pins.ts', 'input.turn === undefined && ', '']),
  onExtended('those alike are of one age', ['pins.ts', ' && input.when === undefined', '']),
  onExtended('a shown append is in one life', [
    'pins.ts',
    'isPinned(operation) || !placed.has(operation.metadata.id)',
    'isPinned(operation) || placed.size >= 0',
  ]),
  onExtended('sessions of appends create when they open', [
    'by-itself.ts',
    "if (input.kind === 'append' && (input.turn?.index ?? 0) > 0) return false;",
    '',
  ]),
  onExtended('requests that were told of no stream created none', [
    'by-itself.ts',
    'if (tellsOfTheEnd(operation)) return false;',
    '',
  ]),
  onExtended('deletions in doubt that nobody noticed', [
    'lives.ts',
    "input.kind !== 'delete' ||",
    "input.kind !== 'configure' ||",
  ]),
  onExtended('parts that told no tail set floors', [
    'check.ts',
    'life.violation ?? belowWhatWasShown(life.operations)',
    'life.violation',
  ]),
  // What only saves a search.
  onExtended('nobody could notice that the stream was removed', [
    'by-itself.ts',
    '(isNoticed || births.length > 0)',
    'births.length >= 0',
  ]),
  onExtended('a stream that was never gone is not created', [
    'by-itself.ts',
    'if (mayBeGone && mayCreate',
    'if (mayCreate',
  ]),
  onExtended('a stream that only requests can have created', [
    'by-itself.ts',
    'if (request === undefined || seen === Infinity || request.call > seen)',
    'if (operations.length > 0)',
  ]),
  onExtended('it is created behind all who were told of none', [
    'by-itself.ts',
    '&& operation.return >= absent)',
    '&& operation.return >= -1)',
  ]),
  onExtended('a stream that was created was not there', ['by-itself.ts', '&& !operations.some(isCreated)', '']),
  onExtended('a configuration begins and ends no life', [
    'lives.ts',
    "CHANGES.has(output.kind) && input.kind !== 'configure'",
    'CHANGES.has(output.kind)',
  ]),
  onExtended('the only creation took effect where there was a stream', [
    'lives.ts',
    'if (!operations.some(showsStream)) return operations;',
    'if (operations.length > 0) return operations;',
  ]),
  onExtended('requests speak against their answers', ['facts.ts', 'contradictionInItself(operations, rule) ??', '']),
  onExtended("no token is in force on a new stream, by S2's own rule", [
    'self-contradictions.ts',
    "(strictS2 && token === '')",
    "(strictS2 && token !== '')",
  ]),
  onExtended('a stream neither comes nor goes by itself', [
    'facts.ts',
    'unexplainedExistence(operations, rule) ??',
    '',
  ]),
  onExtended('a session that was shown a stream is not told of none', ['existence.ts', 'ofRead.get(read) ??', '']),
  onExtended('somebody may have created or deleted a stream', [
    'existence.ts',
    'if (!isExplained && (before !== null || initially))',
    'if (before !== null || initially)',
  ]),
  onExtended('while others looked', [
    'existence.ts',
    'change.return >= (before?.call ??',
    'change.call > (before?.return ??',
  ]),
  onExtended('a request may have created a stream', [
    'existence.ts',
    'isBirth(operation) || mayCreate(operation, createsOn)',
    'isBirth(operation)',
  ]),
  onExtended('a stream may have been removed for being empty', [
    'existence.ts',
    'if (mayVanish(operations, config)) return null;',
    '',
  ]),
  onExtended('who created a stream found none', [
    'existence.ts',
    'return tellsOfTheEnd(operation) || hasCreated(operation);',
    'return tellsOfTheEnd(operation);',
  ]),
  onExtended('who deleted a stream found one', [
    'existence.ts',
    'tellsItIsGone, hasDeleted, isCreation',
    'hasCreated, hasCreated, isCreation',
  ]),
  onExtended('a stream is being deleted only where somebody deletes', [
    'existence.ts',
    'tellsNobodyDeletes, findsItGoing',
    'tellsOfStream, findsItGoing',
  ]),
  onExtended('a token told was set', ['facts.ts', 'unexplainedToken(operations, rule) ??', '']),
  onExtended('somebody may have set a token since', [
    'tokens.ts',
    'setter != null && setter.return >=',
    'setter != null && setter.call >=',
  ]),
  onExtended('a new stream has the empty token', [
    'tokens.ts',
    "token === '' && (isTold || !strictS2)",
    "token === '-'",
  ]),
  onExtended('records that are gone were trimmed', ['facts.ts', 'unexplainedGap(operations, rule)', 'null']),
  onExtended('or expired', [
    'passed-over.ts',
    'if (config.retentionAgeMs !== null || operations.some(mayExpire)) return null;',
    '',
  ]),
  onExtended('nothing is left where nothing was written in this life', [
    'passed-over.ts',
    'if (birth !== null && birth.return >= known.operation.call) continue;',
    '',
  ]),
  // Sessions and lives.
  onExtended('a read is of one life', [
    'model.ts',
    'before.birth !== null && before.birth !== state.birth',
    'before.moments < 0',
  ]),
  onExtended('moments of a read come in order', ['model.ts', 'before.moments !== moment.index', 'before.moments < 0']),
  onExtended('failures of a session come in order', [
    'model.ts',
    'return isResolved ? { legal: true, state } : inTurn(state, call, outcome);',
    'return { legal: true, state };',
  ]),
  onExtended('failures are of no life', ['model.ts', '&& !SAYS_NOTHING.has(kind)', '']),
  onExtended('a session stays in its life', [
    'lives.ts',
    'known === undefined ? inTime : inTime.filter((life) => life === known)',
    'known === undefined ? inTime : inTime.slice(-1)',
  ]),
  onExtended('moments of a read are cut at those behind', [
    'lives.ts',
    'boundsOf(backwards, Math.min,',
    'boundsOf(backwards, (one) => one,',
  ]),
  onExtended('moments of a read are cut at those before', [
    'lives.ts',
    'boundsOf(operations, Math.max,',
    'boundsOf(operations, (one) => one,',
  ]),
  // What the service does by itself.
  onExtended('records expire at no age', [
    'ages.ts',
    'if (config.retentionAgeMs === null) return null;',
    'if (position >= 0) return null;',
  ]),
  onStates(
    'ages of states',
    '(a.config.retentionAgeMs === null || areEquallyOld(a.last, b.last, Math.max(a.trimmed, a.trimAsked))) &&',
  ),
  onExtended('records are kept until their age', [
    'ages.ts',
    '(batchBelow(last, position)?.calledMs ?? Number.NEGATIVE_INFINITY) + config.retentionAgeMs',
    'Number.NEGATIVE_INFINITY',
  ]),
  onExtended('a stream is removed when it holds nothing', [
    'ages.ts',
    'emptyAt === null ? null : Math.max(emptyAt, ',
    'Math.max(emptyAt ?? 0, ',
  ]),
  onExtended('a stream is removed when it is old enough', ['ages.ts', '+ config.emptyAgeMs);', '- 1_000);']),
  onExtended('a stream is no older than its creation', [
    'ages.ts',
    'Math.max(bornMs, last?.calledMs ?? bornMs)',
    '(last?.calledMs ?? bornMs)',
  ]),
  onExtended('time does not run backwards', [
    'model.ts',
    'call.when.returnedMs < state.clockMs',
    'call.when.returnedMs < -1',
  ]),
  onExtended('a stream is removed by itself', [
    'model.ts',
    'call.birth === state.birth ? vanishedAt(state) : null',
    'call.birth < -1 ? vanishedAt(state) : null',
  ]),
  onExtended('deletion on empty is switched off', [
    'model.ts',
    '{ ...state.config, emptyAgeMs: call.emptyAgeMs }',
    'state.config',
  ]),
  onExtended('requests create their stream', [
    'by-itself.ts',
    "createsOn.includes(input.kind === 'append' ? 'append' : 'read')",
    'createsOn.length < 0',
  ]),
  onExtended('only requests that may create their stream do', [
    'by-itself.ts',
    "createsOn.includes(input.kind === 'append' ? 'append' : 'read')",
    'createsOn.length > 0',
  ]),
  onExtended('inserted behind what returned', [
    'insert.ts',
    'this.#greatestSlot[earlier - 1] ?? 0, behindMoment',
    'earlier < 0 ? 1 : 0, behindMoment',
  ]),
  onExtended('inserted before what is called', [
    'insert.ts',
    'slot <= last',
    'slot <= Math.max(last, this.#backbone.length)',
  ]),
  onExtended('inserted behind its moment before', [
    'insert.ts',
    'metadata.behind === null ? 0',
    'metadata.id >= 0 ? 0',
  ]),
  onExtended('what an inserted trim forbids', ['insert.ts', 'if (this.#placed.some(isBroken)) return false;', '']),
];

/**
 * The rows of the fault catalogue, and what lights when a sweep has been there. A row counts as visited by a run in which
 * every probe of `reached` has lit. Rows without probes say why: a rule of the design excludes them. docs/SIMULATION.md shows
 * this table to readers; a test keeps the two equal.
 */

import type { NeverProbe } from './storage/ghost.ts';

export interface CatalogueRow {
  id: string;
  /** The schedule, in short. */
  schedule: string;
  /** Null of a row that no sweep can visit. */
  reached: readonly string[] | null;
  /** Of a row without probes: excluded by design. */
  absent?: 'excluded';
  /** The rule that excludes it. */
  why?: string;
  /** Of an excluded row: the probe that stays dark as long as the rule holds, where breaking it can be seen. */
  never?: NeverProbe;
}

function row(id: string, schedule: string, ...reached: string[]): CatalogueRow {
  return { id, schedule, reached };
}

/** `rule` is the rule of the design by which the schedule can not happen, or can do no harm. */
function excluded(id: string, schedule: string, rule: string, never?: NeverProbe): CatalogueRow {
  return { id, schedule, reached: null, absent: 'excluded', why: rule, ...(never !== undefined && { never }) };
}

export const ROWS: readonly CatalogueRow[] = [
  row(
    'W1',
    'a paused owner wakes with a batch after a takeover',
    'fault.pause.long',
    'log.put.refused.foreign',
    'log.fenced.with-pending',
  ),
  row(
    'W2',
    'an owner pauses with its put under way, another takes the slot',
    'fault.pause.with-puts-in-flight',
    'log.put.refused.foreign',
  ),
  row(
    'W3',
    'a put takes effect, its reply is lost, the retry is refused',
    'fault.put.lost-reply',
    'log.put.refused.mine',
    'log.put.refused.foreign',
  ),
  row(
    'W4',
    'a fence lands behind live data because slots were collected',
    'store.stray-fence',
    'takeover.publication-moved',
  ),
  row('W5', 'a stalled writer creates a name that was deleted', 'store.recreated', 'store.zombie-data'),
  row('W6', 'a server dies while it takes over', 'server.died-taking-over'),
  row(
    'W7',
    'two servers take over from each other again and again',
    'log.fenced',
    'takeover.fence-contended',
    'takeover.skipped-window',
  ),
  row(
    'W8',
    "a fenced owner's put lands after the takeover",
    'fault.put.late-effect-after-restart',
    'fault.put.late-refused',
  ),
  row(
    'W9',
    'an owner is cut off, is told nothing and still gets reads',
    'fault.partition.from-store',
    'log.proof.refused',
  ),
  excluded(
    'W10',
    'two leases are valid because clocks drift',
    'there is no lease: every read proves ownership at the store, and no clock decides who owns it',
    'never.two-owners',
  ),
  row(
    'W11',
    'an owner is lost with several batches in flight',
    'fault.host.crash-with-puts-in-flight',
    'log.fenced.with-pending',
    'log.window.pipelined',
  ),
  row('W12', 'two servers open the same store at once', 'takeover.fence-contended'),
  excluded(
    'W13',
    'a process starts again within the same millisecond under the same name',
    'epochs are counted in the fences of the log and identities are drawn at random; neither has a time or a name in it',
    'never.two-owners',
  ),
  row('A1', 'a put fails before its effect', 'fault.put.failed-before', 'log.put.failed'),
  row(
    'A2',
    'a put takes effect and errs; it is repeated under the same name with the same bytes',
    'fault.put.lost-reply',
    'log.put.unknown',
  ),
  row('A3', 'a put errs and takes effect later', 'fault.put.late-effect'),
  row('A4', 'the conditional put of a takeover is ambiguous', 'takeover.fence-mine'),
  row('A5', 'the transport repeats a put by itself', 'fault.put.duplicated'),
  row('A6', 'two conditional puts meet and one is told 409', 'fault.put.conflict'),
  row('A7', 'a delete times out and takes effect later', 'fault.delete.late-effect', 'fault.delete.lost-reply'),
  excluded(
    'A8',
    'completing a multipart upload is ambiguous',
    'every object is put by one request; nothing is uploaded in parts',
    'never.in-parts',
  ),
  row('A9', 'a get ends short', 'fault.get.short-body'),
  excluded(
    'A10',
    'a ranged get straddles an overwrite',
    'no name is ever given other bytes; the onlooker of the store fails a run in which one is',
    'never.overwritten',
  ),
  row(
    'A11',
    'a bit of an object is flipped on the way',
    'fault.get.flipped-bit',
    'segment.read.damage-reread',
    'takeover.damage-reread',
  ),
  row(
    'A12',
    'a listing is paged, and uncertain about names in flux',
    'fault.list.hid-name-in-flux',
    'fault.list.as-it-began',
  ),
  row('A13', 'the store is out of service or asks to slow down', 'fault.store.outage', 'fault.put.throttled'),
  row('A14', 'a put hangs, others go on', 'fault.put.hang', 'log.slot.out-of-order'),
  row('A15', 'reads are slow, writes are fast, and the reverse', 'fault.get.slow', 'fault.put.slow'),
  row('A16', 'credentials expire and come back', 'fault.store.denied'),
  row('A17', 'the store is full', 'fault.store.full', 'log.put.fatal'),
  row('P1', 'the owner dies right after the effect, before it can answer', 'fault.host.crash-at-effect'),
  row(
    'P2',
    'an acknowledgement is lost and the client sends again',
    'fault.net.response-lost',
    'client.retried-unknown',
  ),
  row('P3', 'slot k fails while k+1 succeeds', 'log.slot.out-of-order', 'log.put.unknown'),
  row('P4', 'a pipelined batch fails its condition', 'session.mismatch-with-others-behind'),
  row('P5', 'a condition fails against state that is not durable', 'append.rejected.undurable'),
  row('P6', 'a client goes away in the middle of a request', 'fault.net.request-cut'),
  row(
    'P7',
    'frames are split at every byte, or several come in one piece',
    'fault.net.split',
    'session.bytewise',
    'session.frames-together',
  ),
  row('P8', 'a client half-closes with acknowledgements outstanding', 'session.half-closed'),
  row(
    'P9',
    'a server ends sessions while acknowledgements lie with slow clients',
    'append.session-refused',
    'session.listened-slowly',
  ),
  row('P10', 'two sessions of one client interleave', 'session.side-by-side'),
  row(
    'P11',
    'the budget of bytes is full, and a batch as large as there may be comes',
    'append.backpressure',
    'limits.taken',
  ),
  row(
    'P12',
    'a client stops reading its acknowledgements while others go on',
    'session.listened-slowly',
    'session.side-by-side',
  ),
  excluded(
    'P13',
    "an acknowledgement's tail is sampled while another batch becomes durable",
    'an acknowledgement is made in the turn in which its batch is committed, of what is committed in that turn; the ' +
      "specification's invariants look at every one",
  ),
  row('P14', 'a server dies again and again while it recovers', 'server.died-taking-over', 'takeover.replayed-data'),
  row('R1', 'a follower is shown a batch whose put fails', 'log.put.failed', 'read.followed'),
  row('R2', 'durability arrives out of order at a follower', 'log.slot.out-of-order', 'read.followed'),
  row('R3', 'the tail moves between catching up and following', 'read.tail-moved'),
  row(
    'R4',
    'a catch-up scan meets the flush of the same range',
    'read.followed',
    'segment.read.cold',
    'checkpoint.installed',
  ),
  row('R5', 'a slow follower is overtaken', 'follower.slow', 'read.fell-behind'),
  row('R6', 'check-tail while an append is not durable', 'read.while-undurable'),
  row('R7', 'a client that knows a tail asks another server', 'client.moved'),
  row('R8', 'a read is cut in the middle of a batch and goes on', 'side.read-went-on'),
  row(
    'R9',
    'a follower comes back by the id of its last event after a crash',
    'side.limit-resumed',
    'fault.host.crash',
  ),
  row('R10', 'a long poll and its deadline', 'side.poll-empty', 'side.poll-answered'),
  row('R11', 'a heartbeat is due while a batch comes', 'read.heartbeat', 'read.tail-moved'),
  row('R12', "a reader's connection is half open", 'follower.silence', 'fault.net.response-lost'),
  row('R13', 'a crowd follows one stream', 'follower.crowd'),
  row('R14', 'a read by timestamp begins among others', 'side.read-by-timestamp'),
  row('R15', 'a followed stream is deleted', 'side.follower-met-deletion', 'side.followed-second-life'),
  row('T1', 'a wall clock steps back between two batches', 'fault.clock.step-back', 'append.timestamp-raised'),
  row(
    'T2',
    'a wall clock steps forward, by up to a year, and back',
    'fault.clock.step-forward',
    'fault.clock.step-back',
    'append.timestamp-raised',
  ),
  row(
    'T3',
    'a takeover goes from a fast clock to a slow one',
    'fault.clock.offset',
    'append.timestamp-raised',
    'takeover.skipped-window',
  ),
  row('T4', 'the clock that expiry is computed with is fast', 'fault.clock.offset', 'retention.clock-ahead'),
  row('T5', 'the position of a reader expires under it', 'side.all-expired'),
  excluded(
    'T6',
    "a collector's clock is ahead of the writers'",
    'no clock decides what is collected: the log and the newest publication do',
    'never.litter',
  ),
  row('T7', 'a host is frozen, and all its timers fire at once', 'fault.pause.long', 'fault.pause.short'),
  row('T8', 'a monotonic clock drifts', 'fault.clock.drift'),
  excluded(
    'T9',
    'two events happen at the same simulated instant',
    'time is in microseconds and every latency is drawn, so what could meet comes in either order; ties go by the order ' +
      'of scheduling, equal in every repetition',
  ),
  row('D1', 'a read crosses a trim', 'append.trim', 'side.read-over-trim'),
  row(
    'D2',
    'a crash leaves the deletion behind a trim half done',
    'append.trim',
    'compact.rewritten',
    'fault.host.crash-at-milestone',
  ),
  row('D3', 'a trim is fenced before it is durable', 'append.trim-lost'),
  row('D4', 'two trims arrive out of order', 'side.trim-backwards'),
  row('D5', 'delete-on-empty meets an append', 'stream.deleted-on-empty', 'side.append-after-empty'),
  row('D6', 'deletion on empty is armed and then switched off', 'side.empty-kept'),
  row('D7', 'a late step of a deletion hits the re-created stream', 'compact.dead-dropped', 'side.read-second-life'),
  row(
    'D8',
    'a stream is deleted and re-created under an open session',
    'side.cursor-outlived',
    'side.session-outlived',
  ),
  row(
    'D9',
    'a basin is deleted while streams are created in it',
    'control.deletion-met-append',
    'stream.auto-created',
    'basin.streams-deleted',
  ),
  row(
    'D10',
    'the deletion of a large stream is interrupted again and again',
    'control.resumed',
    'compact.dead-dropped',
  ),
  row('D11', 'two creators of one name race', 'control.creations-raced', 'stream.create-raced'),
  row('G1', 'a reader meets a segment that compaction removed', 'compact.merged', 'collect.pinned-kept'),
  row(
    'G2',
    'garbage collection deletes what was just published',
    'fault.put.travels',
    'collect.orphans-swept',
    'store.publication-not-newest',
  ),
  row(
    'G3',
    'a checkpoint or merge dies after its output and before it is published',
    'fault.host.crash-at-milestone',
    'collect.orphan-deleted',
  ),
  row('G4', 'a former owner compacts beside the new one', 'compact.merged', 'compact.stale'),
  row(
    'G5',
    'a checkpoint has several objects, and one reads torn',
    'checkpoint.page-written',
    'checkpoint.damage-reread',
  ),
  excluded(
    'G6',
    "publications exceed the store's rate for one name",
    'no name is written twice: each publication has one of its own, and one owner makes one at a time',
    'never.name-shared',
  ),
  excluded(
    'G7',
    'a reader dies and its pin stays',
    'pins live in the memory of the owner and end with it; none is stored and none expires by a clock',
    'never.litter',
  ),
  row('G8', 'a merge meets command records', 'compact.merged', 'append.fence'),
  row(
    'C1',
    'clients race to set their fencing tokens',
    'client.fence-set',
    'client.fence-not-set',
    'client.fenced-off',
  ),
  row(
    'C2',
    'an append comes with a token whose fence is not durable, and the server dies',
    'session.token-behind-its-fence',
    'fault.host.crash-with-puts-in-flight',
  ),
  row(
    'C3',
    'an ambiguous append is sent again with the same match_seq_num',
    'client.retried-unknown',
    'client.seq-num-mismatch',
  ),
  row(
    'C4',
    'pipelined appends each name their number, and one in front fails',
    'session.guarded-behind-failed',
    'session.dropped-behind',
  ),
  row('C5', 'the holder of an old token appends after the fence', 'client.fenced-off'),
  row('E1', 'a record is read with another key than it was written with', 'secret.other-key', 'read.unopened'),
  row('E2', 'the key changes in the middle of a stream', 'secret.keys-mixed'),
  row('E3', 'nonces repeat after a restored snapshot', 'secret.sealed-by-successor', 'append.sealed'),
  row('E4', 'ciphertext is swapped between streams or positions', 'secret.moved-number', 'secret.moved-life'),
  excluded(
    'L1',
    'a stream reaches its last number',
    'numbers go to 2^53 - 1, which a million appends a second reach in 285 years; the limit of a cipher has a test beside the code',
  ),
  row('L2', 'batches at each limit, and one over it', 'limits.taken', 'limits.refused'),
  row('N1', 'a configuration changes during appends', 'control.change-met-append'),
  excluded(
    'N2',
    'servers of two versions write one store',
    'a build refuses a store of another version of the format by name, and every version has its golden files',
  ),
  excluded(
    'N3',
    'a server starts on a store that is not its own',
    'nothing is written before the marker of the store is read, and a store with objects and no marker is refused',
    'never.overwritten',
  ),
  row(
    'X1',
    'a session, a crash, a takeover, a clock that steps and an uncertain listing in one run',
    'session.pipelined',
    'fault.host.crash',
    'takeover.replayed-data',
    'fault.clock.step-back',
    'fault.list.hid-name-in-flux',
  ),
];

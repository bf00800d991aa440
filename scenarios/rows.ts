/**
 * The forty fault-catalogue rows of a first release, and what lights when a sweep has been there. A row with
 * `reached: null` belongs to a part of the store that does not exist yet; `why` says which. A row counts as visited when
 * every probe in `reached` has lit.
 */

export interface CatalogueRow {
  id: string;
  /** The schedule, in short. */
  schedule: string;
  reached: readonly string[] | null;
  why?: string;
}

function row(id: string, schedule: string, ...reached: string[]): CatalogueRow {
  return { id, schedule, reached };
}

function later(id: string, schedule: string, why: string): CatalogueRow {
  return { id, schedule, reached: null, why };
}

const NO_GARBAGE = 'nothing is deleted and no name is ever free again before checkpoints and garbage collection';
const NO_SESSIONS = 'needs append sessions';
const NO_FOLLOWERS = 'needs following reads';
const NO_DELETION = 'needs stream deletion';

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
  later('W4', 'a fence lands behind live data because slots were collected', NO_GARBAGE),
  later('W5', 'a stalled writer creates a name that was deleted', NO_GARBAGE),
  row(
    'W8',
    "a fenced owner's put lands after the takeover",
    'fault.put.late-effect-after-restart',
    'fault.put.late-refused',
  ),
  row(
    'W11',
    'an owner is lost with several batches in flight',
    'fault.host.crash-with-puts-in-flight',
    'log.fenced.with-pending',
    'log.window.pipelined',
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
  row('A9', 'a get ends short', 'fault.get.short-body'),
  row('A12', 'a listing is paged, and uncertain about names in flux', 'fault.list.hid-name-in-flux'),
  row('A13', 'the store is out of service or asks to slow down', 'fault.store.outage', 'fault.put.throttled'),
  row('A14', 'a put hangs, others go on', 'fault.put.hang', 'log.slot.out-of-order'),
  row('P1', 'the owner dies right after the effect, before it can answer', 'fault.host.crash-at-effect'),
  row(
    'P2',
    'an acknowledgement is lost and the client sends again',
    'fault.net.response-lost',
    'client.retried-unknown',
  ),
  row('P3', 'slot k fails while k+1 succeeds', 'log.slot.out-of-order', 'log.put.unknown'),
  later('P4', 'a pipelined batch fails its condition', NO_SESSIONS),
  row('P5', 'a condition fails against state that is not durable', 'append.rejected.undurable'),
  row('P6', 'a client goes away in the middle of a request', 'fault.net.request-cut'),
  later('R1', 'a follower is shown a batch whose put fails', NO_FOLLOWERS),
  later('R2', 'durability arrives out of order at a follower', NO_FOLLOWERS),
  later('R3', 'the tail moves between catching up and following', NO_FOLLOWERS),
  later('R4', 'a catch-up scan meets the flush of the same range', NO_FOLLOWERS),
  later('R5', 'a slow follower overruns its buffer', NO_FOLLOWERS),
  row('R6', 'check-tail while an append is not durable', 'read.while-undurable'),
  row('T1', 'a wall clock steps back between two batches', 'fault.clock.step-back', 'append.timestamp-raised'),
  row(
    'T3',
    'a takeover goes from a fast clock to a slow one',
    'fault.clock.offset',
    'append.timestamp-raised',
    'takeover.skipped-window',
  ),
  later('D1', 'a read crosses a trim', "S2's workflows do not trim; needs the extended model"),
  later('D5', 'delete-on-empty meets an append', NO_DELETION),
  later('D7', 'a late step of a deletion hits the re-created stream', NO_DELETION),
  later('D8', 'a stream is deleted and re-created under an open session', NO_DELETION),
  later('G1', 'a reader meets a segment that compaction removed', NO_GARBAGE),
  later('G2', 'garbage collection deletes what was just published', NO_GARBAGE),
  row(
    'C1',
    'clients race to set their fencing tokens',
    'client.fence-set',
    'client.fence-not-set',
    'client.fenced-off',
  ),
  row(
    'C3',
    'an ambiguous append is sent again with the same match_seq_num',
    'client.retried-unknown',
    'client.seq-num-mismatch',
  ),
  later('E1', 'a record is read with another key than it was written with', 'needs encryption'),
];

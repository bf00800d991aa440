/**
 * What may go wrong in a run, as plain data: one flat record, odds as integer ratios.
 *
 * `QUIET` has every fault off; a profile is `{ ...QUIET, ...some }`. A fault with odds `[0, n]` is never
 * drawn. Spans of time are lists to pick from, the dull one first.
 */

import { NEVER, type Odds } from './choices.ts';

export interface FaultSettings {
  // --- network: odds per call unless said otherwise
  /** A message takes ten times its normal time. */
  netTenfold: Odds;
  /** A message takes a hundred times its normal time. */
  netHundredfold: Odds;
  /** The connection is refused; certainly nothing was sent. */
  netRefused: Odds;
  /** The request disappears; the caller hears nothing until a time-out. */
  netRequestLost: Odds;
  /** The request is served; the response disappears, the caller hears nothing until a time-out. */
  netResponseLost: Odds;
  /** The connection breaks before the request is delivered. */
  netResetBefore: Odds;
  /** The connection breaks at some time after the request was delivered. */
  netResetAfter: Odds;
  /** The request's body breaks off in the middle, for both ends. */
  netRequestCut: Odds;
  /** The response's body breaks off in the middle, for both ends. */
  netResponseCut: Odds;
  /** A request that `isReadOnly` accepts is delivered twice. */
  netDuplicated: Odds;
  /** Whoever reads a body takes its bytes slowly: a KiB in one of `drainKibMs`. */
  netSlowDrain: Odds;
  drainKibMs: readonly number[];
  /** A connection is neither made nor refused; nothing was sent. */
  netConnectHangs: Odds;
  /** The caller's end is gone and nobody tells the server, which goes on as if somebody listened. */
  netHalfOpen: Odds;
  /** Per chunk of a body: it arrives in two or more pieces. */
  netSplit: Odds;

  // --- blob store: odds per attempt
  /** An operation takes ten times its normal time. */
  blobTenfold: Odds;
  /** An operation takes a hundred times its normal time. */
  blobHundredfold: Odds;
  /** A put ends without effect: reported as failed, or as unknown. */
  putFailsBefore: Odds;
  /** A put takes effect and is reported as unknown. */
  putLosesReply: Odds;
  /** A put is reported as unknown and takes effect later. */
  putTakesEffectLate: Odds;
  /** A put is never answered: no effect, an effect, or a late one. The attempt's time-out reports unknown. */
  putHangs: Odds;
  /** A put is answered with 409: no effect, reported as unknown. */
  putConflicts: Odds;
  /** A put is answered with 503: no effect, reported as unknown. */
  putThrottled: Odds;
  /** A put that succeeded reaches the store once more, later. */
  putDuplicated: Odds;
  /** A put of an object beside the log is on its way for very long: its caller hears nothing, the effect comes. */
  putTravels: Odds;
  /** How long. */
  travelMs: readonly number[];
  /** A get or put has its effect at once, and its answer is on its way for long. */
  blobAnswersLate: Odds;
  answerLateMs: readonly number[];
  /** A get fails. */
  getFails: Odds;
  /** A get loses the end of its body, which the client notices: it fails. */
  getShortBody: Odds;
  /** A get returns a body with one bit flipped on the way; the object itself is sound. */
  getFlipsBit: Odds;
  /** As `getFlipsBit`, for an object that the host got damaged a moment ago. */
  getFlipsAgain: Odds;
  /** A get returns a body that lacks its end, and nobody says so. */
  getTruncated: Odds;
  /** A get returns the body of another object. */
  getSwapped: Odds;
  /** A host gets an object damaged so many times in a row at most: fewer than what it takes for damaged. */
  getFlipsInARowMax: number;
  /** A get is never answered; the attempt's time-out reports failed. */
  getHangs: Odds;
  /** A listing fails. */
  listFails: Odds;
  /** A listing is never answered; the attempt's time-out reports failed. */
  listHangs: Odds;
  /** Per name in flux: a listing leaves out what is just being created, or shows what is just being deleted. */
  listUncertain: Odds;
  /** A listing is under way for long, of a host that lists slowly: what comes and goes meanwhile it may miss, all of it together. */
  listLingers: Odds;
  /** Of the hosts, how many list slowly. */
  listIsSlowAt: Odds;
  listLingersMs: readonly number[];
  /** A listing returns fewer names than asked for, though there are more. */
  listShortPage: Odds;
  /** A delete ends unknown without effect. */
  deleteFailsBefore: Odds;
  /** A delete takes effect and is reported as unknown. */
  deleteLosesReply: Odds;
  /** A delete is reported as unknown and takes effect later. */
  deleteTakesEffectLate: Odds;
  /** A delete is never answered. */
  deleteHangs: Odds;
  /** A delete of several names takes effect for some of them and is reported as unknown. */
  deleteIsPartial: Odds;
  /** A delete that succeeded reaches the store once more, later. */
  deleteDuplicated: Odds;
  /** How long after the report a late effect lands. */
  lateEffectMs: readonly number[];
  /** Per world: until it heals the store creates objects over those that are there, as if nobody had set a condition. */
  conditionsIgnored: Odds;
  /** Per effect in the store, for a scenario that has such objects: somebody else's object comes to lie among ours. */
  foreignObject: Odds;

  // --- nemesis: looks at the world every `nemesisTickMs` and after every effect in the store
  /** Milliseconds between two looks; 0 switches looking by time off. */
  nemesisTickMs: number;
  /** Per effect on the log: the nemesis does one of the things it may do at a look. */
  actAtCommit: Odds;
  /** Per look: a server crashes. */
  crash: Odds;
  /** Per effect in the store: the server it belongs to crashes before it hears of it. */
  crashAtEffect: Odds;
  /** As `crashAtEffect`, for effects that are no put of a log object: segments, checkpoints, publications, deletes. */
  crashAtMilestone: Odds;
  /** Per put that travels: its sender crashes or stands still for long, while the put is under way. */
  strikeAtDeparture: Odds;
  /** How long a crashed server stays down. */
  downMs: readonly number[];
  /** Per look: a server stands still. */
  pause: Odds;
  /** Per effect in the store: the server it belongs to stands still before it hears of it. */
  pauseAtEffect: Odds;
  /** As `pauseAtEffect`, for effects that are no put of a log object. */
  pauseAtMilestone: Odds;
  /** Of the pauses, how many are long: more than a whole takeover with a checkpoint and the collection after it. */
  pauseIsLong: Odds;
  /** Of the pauses, in how many the monotonic clock stands still too. */
  pauseStopsClock: Odds;
  pauseShortMs: readonly number[];
  pauseLongMs: readonly number[];
  /** Per look: what the store answers a server stands still on the way, and arrives when that is over. */
  storeStall: Odds;
  /** The same per effect in the store, for the server it belongs to and beginning with the answer to it. */
  storeStallAtEffect: Odds;
  storeStallMs: readonly number[];
  /** Of the stalls and long pauses, in how many a server that had ended is started at once. */
  rivalAtStall: Odds;
  /** Per look: a link between two hosts, or a host and the store, is cut. */
  partition: Odds;
  /** Of the cuts, how many are in one direction only. */
  partitionIsOneWay: Odds;
  /** Of the cuts, how many are between a server and the store. */
  partitionIsFromStore: Odds;
  partitionMs: readonly number[];
  /** Per look: servers lose the store one after another, `partitionMs` apart, and get it back in another order. */
  swizzle: Odds;
  /** Per look: the store refuses everything for a while. */
  outage: Odds;
  /** Per look: for as long as an outage the store refuses whoever asks, or has no room for anything new. */
  refusal: Odds;
  outageMs: readonly number[];
  /** Per look: an object is damaged in the store, until a sound copy is put back. */
  objectDamaged: Odds;
  damageMs: readonly number[];
  /** Per server: its wall clock is off from the start, by one of `clockOffsetMs`. */
  clockOffset: Odds;
  /** Either sign. */
  clockOffsetMs: readonly number[];
  /** Per server: its clocks run fast or slow, by one of `clockDriftPpm`. */
  clockDrift: Odds;
  /** Parts per million, either sign. */
  clockDriftPpm: readonly number[];
  /** Per look: a server's wall clock jumps by one of `clockStepMs`. */
  clockStep: Odds;
  /** Either sign. */
  clockStepMs: readonly number[];
}

/** Nothing goes wrong; latencies still vary within their normal range. */
export const QUIET: FaultSettings = Object.freeze<FaultSettings>({
  netTenfold: NEVER,
  netHundredfold: NEVER,
  netRefused: NEVER,
  netRequestLost: NEVER,
  netResponseLost: NEVER,
  netResetBefore: NEVER,
  netResetAfter: NEVER,
  netRequestCut: NEVER,
  netResponseCut: NEVER,
  netDuplicated: NEVER,
  netSlowDrain: NEVER,
  drainKibMs: [50, 500, 5000],
  netConnectHangs: NEVER,
  netHalfOpen: NEVER,
  netSplit: NEVER,
  blobTenfold: NEVER,
  blobHundredfold: NEVER,
  putFailsBefore: NEVER,
  putLosesReply: NEVER,
  putTakesEffectLate: NEVER,
  putHangs: NEVER,
  putConflicts: NEVER,
  putThrottled: NEVER,
  putDuplicated: NEVER,
  putTravels: NEVER,
  travelMs: [3000, 20_000, 90_000],
  blobAnswersLate: NEVER,
  answerLateMs: [100, 500, 2000, 4500],
  getFails: NEVER,
  getShortBody: NEVER,
  getFlipsBit: NEVER,
  getFlipsAgain: NEVER,
  getTruncated: NEVER,
  getSwapped: NEVER,
  getFlipsInARowMax: 3,
  getHangs: NEVER,
  listFails: NEVER,
  listHangs: NEVER,
  listUncertain: NEVER,
  listLingers: NEVER,
  listIsSlowAt: [1, 2],
  listLingersMs: [500, 4000, 2000],
  listShortPage: NEVER,
  deleteFailsBefore: NEVER,
  deleteLosesReply: NEVER,
  deleteTakesEffectLate: NEVER,
  deleteHangs: NEVER,
  deleteIsPartial: NEVER,
  deleteDuplicated: NEVER,
  lateEffectMs: [20, 100, 500, 2000, 8000, 30_000],
  conditionsIgnored: NEVER,
  foreignObject: NEVER,
  nemesisTickMs: 0,
  actAtCommit: NEVER,
  crash: NEVER,
  crashAtEffect: NEVER,
  crashAtMilestone: NEVER,
  strikeAtDeparture: NEVER,
  downMs: [0, 50, 300, 2000, 10_000],
  pause: NEVER,
  pauseAtEffect: NEVER,
  pauseAtMilestone: NEVER,
  pauseIsLong: NEVER,
  pauseStopsClock: NEVER,
  pauseShortMs: [1, 10, 50, 200, 500],
  pauseLongMs: [3000, 10_000, 30_000, 60_000],
  storeStall: NEVER,
  storeStallAtEffect: NEVER,
  storeStallMs: [500, 2000, 8000],
  rivalAtStall: NEVER,
  partition: NEVER,
  partitionIsOneWay: [1, 2],
  partitionIsFromStore: [1, 3],
  partitionMs: [10, 100, 1000, 5000, 20_000],
  swizzle: NEVER,
  outage: NEVER,
  refusal: NEVER,
  outageMs: [50, 500, 3000, 15_000],
  objectDamaged: NEVER,
  damageMs: [5000, 500, 30_000],
  clockOffset: NEVER,
  clockOffsetMs: [10, -10, 500, -500, 60_000, -60_000, 3_600_000, -3_600_000],
  clockDrift: NEVER,
  clockDriftPpm: [50, -50, 500, -500],
  clockStep: NEVER,
  clockStepMs: [5, -5, 1000, -1000, 3_600_000, -3_600_000, 31_536_000_000, -31_536_000_000],
});

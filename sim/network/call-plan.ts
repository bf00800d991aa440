/** What goes wrong with one call, drawn when it is made: at most one thing, and how its chunks are cut up. */

import { defineSite, type Odds, type Site } from '../choices.ts';
import type { WorldContext } from '../context.ts';
import type { FaultSettings } from '../faults.ts';

type CallFault =
  | 'none'
  | 'refused'
  | 'request-lost'
  | 'response-lost'
  | 'reset-before'
  | 'reset-after'
  | 'request-cut'
  | 'response-cut'
  | 'duplicated'
  | 'slow-drain'
  | 'connect-hangs'
  | 'half-open';

export interface CallPlan {
  fault: CallFault;
  /** A further small number for faults that come in several kinds. */
  detail: number;
}

const FAULTS: readonly { fault: CallFault; odds: (faults: FaultSettings) => Odds; site: Site }[] = [
  {
    fault: 'refused',
    odds: (f) => f.netRefused,
    site: defineSite('net.call.refused', 'whether a connection is refused'),
  },
  {
    fault: 'request-lost',
    odds: (f) => f.netRequestLost,
    site: defineSite('net.call.request-lost', 'whether a request is lost'),
  },
  {
    fault: 'response-lost',
    odds: (f) => f.netResponseLost,
    site: defineSite('net.call.response-lost', 'whether a response is lost'),
  },
  {
    fault: 'reset-before',
    odds: (f) => f.netResetBefore,
    site: defineSite('net.call.reset-before', 'whether a connection breaks before the request is delivered'),
  },
  {
    fault: 'reset-after',
    odds: (f) => f.netResetAfter,
    site: defineSite('net.call.reset-after', 'whether a connection breaks after the request was delivered'),
  },
  {
    fault: 'request-cut',
    odds: (f) => f.netRequestCut,
    site: defineSite('net.call.request-cut', 'whether a request body breaks off'),
  },
  {
    fault: 'response-cut',
    odds: (f) => f.netResponseCut,
    site: defineSite('net.call.response-cut', 'whether a response body breaks off'),
  },
  {
    fault: 'duplicated',
    odds: (f) => f.netDuplicated,
    site: defineSite('net.call.duplicated', 'whether a read-only request is delivered twice'),
  },
  {
    fault: 'slow-drain',
    odds: (f) => f.netSlowDrain,
    site: defineSite('net.call.slow-drain', 'whether whoever reads a body takes its bytes slowly'),
  },
  {
    fault: 'connect-hangs',
    odds: (f) => f.netConnectHangs,
    site: defineSite('net.call.connect-hangs', 'whether a connection is neither made nor refused'),
  },
  {
    fault: 'half-open',
    odds: (f) => f.netHalfOpen,
    site: defineSite('net.call.half-open', "whether the caller's end goes away without a word"),
  },
];

const DETAIL = defineSite(
  'net.call.detail',
  'when a connection breaks under a delivered request, or which body is read slowly',
);
const CUT_AT = defineSite('net.body.cut-at', 'after how many bytes of a chunk a body breaks off');
const SPLIT = defineSite('net.body.split', 'whether a chunk arrives in pieces');
const AS_STREAM = defineSite('net.body.as-stream', 'whether a whole response arrives as a stream of chunks');
const DRAIN_RATE = defineSite('net.body.drain-rate', 'how long a slow reader takes for a KiB');
const SPLIT_AT = defineSite('net.body.split-at', 'where a chunk is split');

/** Of how many kinds a fault is, of those that have several. */
const KINDS: Partial<Record<CallFault, number>> = { 'reset-after': 4, 'half-open': 4, 'slow-drain': 3 };

const NO_FAULT: CallPlan = Object.freeze({ fault: 'none', detail: 0 });

/** `link` names the way from caller to server. */
export function planCall(context: WorldContext, link: string, isReadOnly: boolean): CallPlan {
  const { choices, faults } = context;
  for (const { fault, odds, site } of FAULTS) {
    if (fault === 'duplicated' && !isReadOnly) continue;
    if (!choices.chance(site, link, odds(faults))) continue;
    return { fault, detail: KINDS[fault] === undefined ? 0 : choices.choose(DETAIL, link, KINDS[fault]) };
  }
  return NO_FAULT;
}

/** How many bytes of the chunk still get through. */
export function cutPoint(context: WorldContext, link: string, length: number): number {
  return context.choices.choose(CUT_AT, link, length);
}

/** How many milliseconds a slow reader takes for a KiB. */
export function drainMsOfKib({ choices, faults }: WorldContext, link: string): number {
  return choices.pick(DRAIN_RATE, link, faults.drainKibMs);
}

/** Whether a response with a whole body is read chunk by chunk all the same. */
export function arrivesAsStream({ choices, faults }: WorldContext, link: string): boolean {
  return choices.chance(AS_STREAM, link, faults.netSplit);
}

/** The pieces in which a chunk arrives; usually one. */
export function splitChunk(context: WorldContext, link: string, bytes: Uint8Array): Uint8Array[] {
  const { choices, faults, probes } = context;
  const pieces: Uint8Array[] = [];
  let rest = bytes;
  while (rest.length > 1 && pieces.length < 8 && choices.chance(SPLIT, link, faults.netSplit)) {
    const at = 1 + choices.choose(SPLIT_AT, link, rest.length - 1);
    pieces.push(rest.subarray(0, at));
    rest = rest.subarray(at);
    probes.reachable('fault.net.split');
  }
  if (rest.length > 0 || bytes.length === 0) pieces.push(rest);
  return pieces;
}

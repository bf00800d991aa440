/**
 * The ambient functions of JavaScript made from the ports of one simulated host, for code that was not written against
 * ports and must run unchanged, as official client libraries.
 *
 * Everything here takes its time, luck and answers from that host alone. What has no stand-in stays refused.
 */

import type { Clock, Entropy, Network, Random } from '../../engine/ports.ts';
import { hostFetch } from './host-fetch.ts';
import { HostTimers } from './host-timers.ts';

/** By the names of `ambient.ts`. What stands in for a class is called with `new`. */
export type StandIns = ReadonlyMap<string, (...args: never[]) => unknown>;

export interface StandInPorts {
  clock: Clock;
  random: Random;
  entropy: Entropy;
  network: Network;
}

/** One draw of Math.random: as fine as dice with integer sides are. */
const RANDOM_SIDES = 2 ** 30;
/** Powers of two are exact up to here, in every version. */
const EXPONENT_MAX = 1_000;

/** `resolve` gives the address on the simulated network for the host (with its port, if any) of a URL. */
export function standInsFor(ports: StandInPorts, resolve: (host: string) => string): StandIns {
  const { clock, random, entropy } = ports;
  const timers = new HostTimers(clock);
  const timeout = (ms: number): AbortSignal => {
    const abort = new AbortController();
    const reason = () => new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    timers.setTimeout(() => abort.abort(reason()), ms);
    return abort.signal;
  };
  const uuid = () => uuidFrom(entropy.bytes(16));
  function now(): Date {
    if (new.target === undefined) throw new Error('assertion: Date() is a local time in words');
    return new Date(clock.wallMs());
  }
  return new Map<string, (...args: never[]) => unknown>([
    ['Date.now', () => clock.wallMs()],
    ['new Date()', now],
    ['performance.now', () => clock.monoMs()],
    ['setTimeout', (call: () => void, ms: number, ...args: never[]) => timers.setTimeout(call, ms, ...args)],
    ['setInterval', (call: () => void, ms: number, ...args: never[]) => timers.setInterval(call, ms, ...args)],
    ['clearTimeout', (timer: unknown) => timers.clear(timer)],
    ['clearInterval', (timer: unknown) => timers.clear(timer)],
    ['AbortSignal.timeout', timeout],
    ['Math.random', () => random.below(RANDOM_SIDES) / RANDOM_SIDES],
    ['Math.pow', powerOfTwo],
    ['crypto.getRandomValues', (array: Uint8Array) => filled(array, entropy)],
    ['crypto.randomUUID', uuid],
    ['new Request(…, { signal })', requestWithSignal],
    ['fetch', hostFetch(ports.network, resolve)],
  ]);
}

function powerOfTwo(base: number, exponent: number): number {
  if (base !== 2 || !Number.isInteger(exponent) || exponent < 0 || exponent > EXPONENT_MAX) {
    throw new Error(`assertion: Math.pow(${base}, ${exponent}) differs between Node versions`);
  }
  let power = 1;
  for (let i = 0; i < exponent; i++) power *= 2;
  return power;
}

function filled<Typed extends ArrayBufferView>(array: Typed, entropy: Entropy): Typed {
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(entropy.bytes(array.byteLength));
  return array;
}

/** Version 4, as RFC 9562 lays it out. */
function uuidFrom(bytes: Uint8Array): string {
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Node's own lets a request follow its signal through a weak reference, which the garbage collector can cut. */
function requestWithSignal(input: Request | string, init: RequestInit): Request {
  const { signal, ...rest } = init;
  return Object.defineProperty(new Request(input, rest), 'signal', { value: signal });
}

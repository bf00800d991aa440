/** The list of what is ambient: where it lives, and what to use instead. Data for guard.ts. */

import childProcess from 'node:child_process';
import crypto from 'node:crypto';
import dgram from 'node:dgram';
import dns from 'node:dns';
import dnsPromises from 'node:dns/promises';
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import perfHooks from 'node:perf_hooks';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import tls from 'node:tls';
import workerThreads from 'node:worker_threads';
import zlib from 'node:zlib';

export interface AmbientFunction {
  home: object;
  key: string;
  what: string;
  /** Null: nothing is wrong with it, but a host may have its own. */
  instead: string | null;
  /** Only these calls are refused; without it, all are. */
  when?: (args: readonly unknown[]) => boolean;
}

const CLOCK = 'take clock.wallMs() or clock.monoMs()';
const SLEEP = 'take clock.sleep(ms, signal)';
const RANDOM = 'take Random for jitter, Entropy for what must not repeat';
const SYNCHRONOUS = 'the thread pool answers in any order; take the synchronous variant or Compute';
const PORT = 'take the port: BlobStore or Network';
const LOCALE = 'it depends on locale or time zone; compare code units, use UTC methods';
const COLLECTOR = 'it shows what the garbage collector did';
const CONFIGURATION = 'it differs between machines; take it as configuration';
const PARALLEL = 'it runs in parallel; there is one thread in the world';

const noArguments = (args: readonly unknown[]): boolean => args.length === 0 || args[0] === undefined;

function functions(home: object, name: string, keys: readonly string[], instead: string): AmbientFunction[] {
  return keys.map((key) => ({ home, key, what: `${name}.${key}`, instead }));
}

function globals(keys: readonly string[], instead: string | null): AmbientFunction[] {
  return keys.map((key) => ({ home: globalThis, key, what: key, instead }));
}

/** All functions of a module but those named. */
function everyFunction(
  home: object,
  name: string,
  instead: string,
  except: (key: string) => boolean,
): AmbientFunction[] {
  const keys = Object.keys(home).filter((key) => {
    const slot = Object.getOwnPropertyDescriptor(home, key);
    return typeof slot?.value === 'function' && !except(key);
  });
  return functions(home, name, keys, instead);
}

const TIMERS = ['setTimeout', 'setInterval', 'setImmediate'];
const DATE_LOCAL =
  'getDate getDay getFullYear getHours getMilliseconds getMinutes getMonth getSeconds getTimezoneOffset setDate setFullYear setHours setMilliseconds setMinutes setMonth setSeconds toString toDateString toTimeString toLocaleString toLocaleDateString toLocaleTimeString'.split(
    ' ',
  );

/** Looked up when the guard is installed, so that other wrappers stay inside ours. */
export function AMBIENT_FUNCTIONS(): AmbientFunction[] {
  const isClass = (key: string): boolean => /^[A-Z]/.test(key);
  const isSync = (key: string): boolean => key.endsWith('Sync') || key === 'crc32';
  const webCrypto = globalThis.crypto;
  return [
    // clocks
    ...functions(Date, 'Date', ['now'], CLOCK),
    ...functions(
      Object.getPrototypeOf(performance) as object,
      'performance',
      ['now', 'mark', 'measure', 'toJSON'],
      CLOCK,
    ),
    ...functions(
      performance,
      'performance',
      ['now', 'mark', 'measure', 'toJSON', 'timerify', 'eventLoopUtilization'],
      CLOCK,
    ),
    ...functions(process, 'process', ['hrtime', 'uptime'], CLOCK),
    ...functions(process.hrtime, 'process.hrtime', ['bigint'], CLOCK),
    ...functions(console, 'console', ['time', 'timeEnd', 'timeLog'], CLOCK),
    ...functions(perfHooks, 'perf_hooks', ['monitorEventLoopDelay', 'createHistogram'], CLOCK),
    // timers
    ...globals(TIMERS, SLEEP),
    ...globals(['clearTimeout', 'clearInterval'], null),
    ...functions(timers, 'timers', TIMERS, SLEEP),
    ...functions(timersPromises, 'timers/promises', TIMERS, SLEEP),
    ...functions(timersPromises.scheduler, 'timers/promises.scheduler', ['wait', 'yield'], SLEEP),
    ...functions(Object.getPrototypeOf(timersPromises.scheduler) as object, 'scheduler', ['wait', 'yield'], SLEEP),
    ...functions(AbortSignal, 'AbortSignal', ['timeout'], SLEEP),
    ...functions(Atomics, 'Atomics', ['wait', 'waitAsync'], SLEEP),
    // dice
    ...functions(Math, 'Math', ['random'], RANDOM),
    ...functions(Object.getPrototypeOf(webCrypto) as object, 'crypto', ['getRandomValues', 'randomUUID'], RANDOM),
    ...functions(
      crypto,
      'crypto',
      [
        'randomBytes',
        'pseudoRandomBytes',
        'randomInt',
        'randomUUID',
        'randomFill',
        'randomFillSync',
        'getRandomValues',
      ],
      RANDOM,
    ),
    ...functions(
      crypto,
      'crypto',
      ['generateKey', 'generateKeySync', 'generateKeyPair', 'generateKeyPairSync'],
      RANDOM,
    ),
    ...functions(crypto, 'crypto', ['generatePrime', 'generatePrimeSync'], RANDOM),
    // arithmetic whose last digit differs between versions
    ...functions(Math, 'Math', ['pow'], 'it differs between Node versions; use integer arithmetic'),
    // the thread pool
    ...functions(crypto, 'crypto', ['pbkdf2', 'scrypt', 'hkdf', 'checkPrime'], SYNCHRONOUS),
    ...everyFunction(Object.getPrototypeOf(webCrypto.subtle) as object, 'crypto.subtle', SYNCHRONOUS, () => false),
    ...everyFunction(zlib, 'zlib', SYNCHRONOUS, (key) => isClass(key) || isSync(key)),
    ...globals(['CompressionStream', 'DecompressionStream'], SYNCHRONOUS),
    // input and output
    ...globals(['fetch', 'WebSocket', 'EventSource'], PORT),
    ...everyFunction(fs, 'fs', PORT, isClass),
    ...everyFunction(fsPromises, 'fs/promises', PORT, isClass),
    ...functions(net, 'net', ['connect', 'createConnection', 'createServer'], PORT),
    ...functions(net.Socket.prototype, 'net.Socket', ['connect'], PORT),
    ...functions(net.Server.prototype, 'net.Server', ['listen'], PORT),
    ...functions(tls, 'tls', ['connect', 'createServer'], PORT),
    ...functions(http, 'http', ['request', 'get', 'createServer'], PORT),
    ...functions(https, 'https', ['request', 'get', 'createServer'], PORT),
    ...functions(http2, 'http2', ['connect', 'createServer', 'createSecureServer'], PORT),
    ...functions(dgram, 'dgram', ['createSocket'], PORT),
    ...everyFunction(dns, 'dns', PORT, isClass),
    ...everyFunction(dnsPromises, 'dns/promises', PORT, isClass),
    ...functions(
      childProcess,
      'child_process',
      Object.keys(childProcess).filter((key) => !isClass(key)),
      PARALLEL,
    ),
    // the machine
    ...everyFunction(os, 'os', CONFIGURATION, isClass),
    ...functions(
      process,
      'process',
      ['memoryUsage', 'cpuUsage', 'resourceUsage', 'cwd', 'exit', 'kill'],
      CONFIGURATION,
    ),
    // locale and time zone
    ...functions(
      String.prototype,
      'String.prototype',
      ['localeCompare', 'toLocaleLowerCase', 'toLocaleUpperCase'],
      LOCALE,
    ),
    ...functions(Number.prototype, 'Number.prototype', ['toLocaleString'], LOCALE),
    ...functions(Date.prototype, 'Date.prototype', DATE_LOCAL, LOCALE),
    ...functions(
      Intl,
      'Intl',
      ['Collator', 'DateTimeFormat', 'NumberFormat', 'PluralRules', 'RelativeTimeFormat'],
      LOCALE,
    ),
    ...functions(Intl, 'Intl', ['ListFormat', 'Segmenter', 'DisplayNames', 'DurationFormat'], LOCALE),
  ];
}

export function AMBIENT_CLASSES(): AmbientFunction[] {
  return [
    { home: globalThis, key: 'Date', what: 'new Date()', instead: CLOCK, when: noArguments },
    // Several numbers are a local time; one is an instant.
    {
      home: globalThis,
      key: 'Date',
      what: 'new Date(year, month, …)',
      instead: LOCALE,
      when: (args) => args.length > 1,
    },
    {
      home: globalThis,
      key: 'Request',
      what: 'new Request(…, { signal })',
      instead: null,
      when: ([, init]) => (init as RequestInit | undefined)?.signal instanceof AbortSignal,
    },
    ...globals(['WeakRef', 'FinalizationRegistry'], COLLECTOR),
    ...globals(['BroadcastChannel', 'MessageChannel', 'Worker'], PARALLEL),
    ...functions(workerThreads, 'worker_threads', ['Worker', 'MessageChannel', 'BroadcastChannel'], PARALLEL),
  ];
}

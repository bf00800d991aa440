/**
 * How long things take: integer tables, drawn by class.
 *
 * A latency has a class (0 = the floor, 1 = normal, 2 = ten times normal, 3 = a hundred times normal) and,
 * above the floor, a point of the normal distribution. Tables hold quantiles computed beforehand: nothing
 * here calls exp or pow, whose last digits differ between machines.
 */

import { defineSite, type Choices, type Odds, type Site } from './choices.ts';

export interface LatencyTable {
  /** The shortest possible. */
  floorUs: number;
  /** Equally likely normal values, ascending. */
  normalUs: readonly number[];
}

/** The two decisions behind one kind of latency. */
export interface LatencySites {
  /** What each speed means, in words. */
  readonly words: readonly [hundredfold: string, tenfold: string, normal: string];
  readonly speed: Site;
  readonly point: Site;
}

/** `name` as in `blob.put`, `what` as in `a put`. */
export function defineLatency(name: string, what: string): LatencySites {
  return {
    words: [
      `${what} takes a hundred times as long as normally`,
      `${what} takes ten times as long as normally`,
      `${what} takes as long as normally, not as short as it can`,
    ],
    speed: defineSite(`${name}.speed`, `how slow ${what} is: floor, normal, ten times, a hundred times`),
    point: defineSite(`${name}.latency`, `how long ${what} takes`, 'µs at normal speed'),
  };
}

/** How often a latency is ten and a hundred times the normal one; all zero in a quiet world. */
export interface TailOdds {
  tenfold: Odds;
  hundredfold: Odds;
}

const FLOOR_OR_NORMAL: Odds = [3, 4];

export function drawLatencyUs(
  choices: Choices,
  sites: LatencySites,
  entity: string,
  table: LatencyTable,
  tail: TailOdds,
): number {
  const factor = choices.chance(sites.speed, entity, tail.hundredfold, sites.words[0])
    ? 100
    : choices.chance(sites.speed, entity, tail.tenfold, sites.words[1])
      ? 10
      : 1;
  if (factor === 1 && !choices.chance(sites.speed, entity, FLOOR_OR_NORMAL, sites.words[2])) return table.floorUs;
  return factor * choices.pick(sites.point, entity, table.normalUs);
}

/** One way between two hosts of one data centre. */
export const LINK_LATENCY: LatencyTable = {
  floorUs: 100,
  normalUs: [150, 180, 200, 220, 240, 260, 290, 320, 350, 400, 450, 520, 620, 800, 1200, 2000],
};

export type StoreVerb = 'put' | 'get' | 'list' | 'delete';

/** How fast a store is: whole round trips, by verb, and how long each further KiB takes. */
export interface StoreLatency {
  put: LatencyTable;
  get: LatencyTable;
  list: LatencyTable;
  delete: LatencyTable;
  usPerKiB: number;
}

const EXPRESS_PUT: LatencyTable = {
  floorUs: 2500,
  normalUs: [3200, 3600, 3900, 4200, 4500, 4700, 4900, 5100, 5400, 5700, 6000, 6500, 7000, 7800, 9200, 14_000],
};

const EXPRESS_GET: LatencyTable = {
  floorUs: 1500,
  normalUs: [1900, 2200, 2400, 2600, 2700, 2900, 3000, 3200, 3400, 3600, 3900, 4300, 4800, 5600, 7000, 11_000],
};

const STANDARD_PUT: LatencyTable = {
  floorUs: 20_000,
  normalUs: [
    22_000, 26_000, 29_000, 32_000, 34_000, 36_000, 38_000, 40_000, 43_000, 46_000, 50_000, 55_000, 61_000, 70_000,
    85_000, 150_000,
  ],
};

const STANDARD_GET: LatencyTable = {
  floorUs: 10_000,
  normalUs: [
    11_000, 13_000, 14_000, 16_000, 17_000, 18_000, 19_000, 20_000, 21_000, 23_000, 25_000, 27_000, 30_000, 35_000,
    45_000, 90_000,
  ],
};

const FOLDER_PUT: LatencyTable = {
  floorUs: 400,
  normalUs: [500, 550, 600, 650, 700, 750, 850, 950, 1050, 1150, 1300, 1500, 1800, 2300, 3200, 7000],
};

const FOLDER_GET: LatencyTable = {
  floorUs: 40,
  normalUs: [50, 55, 60, 65, 70, 75, 80, 85, 90, 100, 110, 130, 160, 200, 300, 600],
};

/** Stores as people meet them: S3 One Zone, S3 Standard, a folder on a local disk. */
export const STORE_LATENCIES = {
  express: { put: EXPRESS_PUT, get: EXPRESS_GET, list: EXPRESS_PUT, delete: EXPRESS_PUT, usPerKiB: 10 },
  standard: { put: STANDARD_PUT, get: STANDARD_GET, list: STANDARD_PUT, delete: STANDARD_GET, usPerKiB: 12 },
  folder: { put: FOLDER_PUT, get: FOLDER_GET, list: FOLDER_PUT, delete: FOLDER_GET, usPerKiB: 2 },
} as const satisfies Record<string, StoreLatency>;

export type StoreSpeed = keyof typeof STORE_LATENCIES;

const STORE_SITES: Readonly<Record<StoreVerb, LatencySites>> = {
  put: defineLatency('blob.put', 'a put'),
  get: defineLatency('blob.get', 'a get'),
  list: defineLatency('blob.list', 'a listing'),
  delete: defineLatency('blob.delete', 'a delete'),
};

/** The whole time of one operation that moves `bytes`; slow means ten times the normal or more. */
export function drawStoreUs(
  choices: Choices,
  verb: StoreVerb,
  entity: string,
  latency: StoreLatency,
  bytes: number,
  tail: TailOdds,
): { us: number; isSlow: boolean } {
  const table = latency[verb];
  const us = drawLatencyUs(choices, STORE_SITES[verb], entity, table, tail);
  return { us: us + Math.ceil(bytes / 1024) * latency.usPerKiB, isSlow: us >= 10 * table.normalUs[0]! };
}

/**
 * `npm run bench -- store|server|sim|idle-streams [part…]`: measures, and prints one table. Run it on a machine that does nothing
 * else; the ratios forgive a slow machine, not a busy one. `store` alone runs all its parts, each a few seconds.
 *
 * The script bundles before it runs: a loader that keeps functions' names makes every closure several times as dear.
 */

import { cpus, loadavg } from 'node:os';
import { CHECKER_PARTS } from './checker/index.ts';
import { MEASURE, measureFile } from './checker/large.ts';
import { auth } from './auth.ts';
import { ciphers } from './ciphers.ts';
import { folder } from './folder-writes.ts';
import { historyPage } from './history-page.ts';
import * as idleStreams from './idle-streams.ts';
import { readers } from './readers.ts';
import { coldReads, replay } from './reads.ts';
import { slowStore } from './s3-writes.ts';
import { RATCHET_PARTS, SIM_PARTS } from './sim.ts';
import { protobuf } from './protobuf.ts';
import { light, s2sAppend, s2sRead, unary } from './server.ts';
import { formatTable, isMet, type Row } from './table.ts';
import { traffic } from './traffic.ts';
import { usageFreeze } from './usage-freeze.ts';
import { memory, singles } from './writes.ts';

type Part = () => Promise<Row[]>;

const SUITES: Readonly<Record<string, Readonly<Record<string, Part>>>> = {
  store: {
    singles,
    memory,
    folder,
    s3: slowStore,
    replay,
    reads: coldReads,
    readers,
    traffic,
    ciphers,
    usage: usageFreeze,
  },
  server: { 's2s-append': s2sAppend, 's2s-read': s2sRead, unary, auth, light, protobuf },
  sim: SIM_PARTS,
  ratchet: RATCHET_PARTS,
  'idle-streams': { all: () => idleStreams.run() },
  checker: CHECKER_PARTS,
  page: { history: historyPage },
};

const [suiteName = 'store', ...wanted] = process.argv.slice(2);
if (suiteName === MEASURE) {
  measureFile(wanted[0]!);
  process.exit(0);
}
const suite = SUITES[suiteName];
const unknown = wanted.filter((name) => suite?.[name] === undefined);
if (suite === undefined || unknown.length > 0) {
  const known = Object.entries(SUITES).map(([name, parts]) => `${name} [${Object.keys(parts).join(' ')}]`);
  process.stderr.write(`usage: npm run bench -- SUITE [PART…]\n  ${known.join('\n  ')}\n`);
  process.exit(2);
}

const loadBefore = loadavg()[0] ?? 0;
const rows: Row[] = [];
for (const [name, part] of Object.entries(suite)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`${suiteName} ${name} …\n`);
  // What the part before left behind is not this one's cost.
  idleStreams.collectGarbage();
  rows.push(...(await part()));
}
const model = cpus()[0]?.model ?? 'unknown processor';
process.stdout.write(`${cpus().length} x ${model}, Node ${process.version}, ${process.platform}; `);
process.stdout.write(`load before ${loadBefore.toFixed(2)}, after ${(loadavg()[0] ?? 0).toFixed(2)}\n\n`);
process.stdout.write(formatTable(rows));
// Goals are for an idle machine and say nothing here; a ratchet is a ratio and does.
if (suiteName === 'ratchet' && !rows.every(isMet)) process.exitCode = 1;

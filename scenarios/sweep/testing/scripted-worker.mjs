/** A worker that does to each run what the seed's name says, for the tests of the pool and of sweeps. */

const WELL = { failure: null, traceHash: 'h', plant: null, counts: {}, probes: {}, wallMs: 1 };

process.on('disconnect', () => process.exit(0));
process.on('message', ({ runs }) => {
  for (const run of runs) {
    if (run.seed.startsWith('dies')) {
      process.kill(process.pid, 'SIGKILL');
    }
    if (run.seed.startsWith('hangs')) for (;;);
    if (run.seed.startsWith('throws')) process.send({ type: 'broken', run, message: 'thrown' });
    else process.send({ type: 'result', result: { ...WELL, ...run } });
    if (run.seed.startsWith('exits-behind')) return process.exit(0);
  }
  process.send({ type: 'idle' });
});

/**
 * Tests sit beside the code they test; fixed UTC so that no test can depend on the machine's zone. Files share processes:
 * no module keeps anything that another file could feel, and loading them anew for each would take a third of the time.
 */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{engine,sim,checker,scenarios,reports,docs,.ci}/**/*.test.ts'],
    env: { TZ: 'UTC' },
    reporters: ['default', ['json', { outputFile: '.runs/vitest.json' }]],
    isolate: false,
    // All of them: the runner itself has little to do.
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

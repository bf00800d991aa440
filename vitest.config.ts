/** Tests sit beside the code they test; fixed UTC so that no test can depend on the machine's zone. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{engine,sim,checker,scenarios,reports,.ci}/**/*.test.ts'],
    env: { TZ: 'UTC' },
    reporters: ['default', ['json', { outputFile: '.runs/vitest.json' }]],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

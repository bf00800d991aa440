// The last line of a CI run: how many tests passed and failed, from the test runner's own report.
import { readFileSync } from 'node:fs';

const report = JSON.parse(readFileSync('.runs/vitest.json', 'utf8'));
const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = report;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

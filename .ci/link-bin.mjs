// Makes `npx tailrace` work inside this clone: npm links the programs of dependencies, not a package's own.
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';

const program = 'dist/scenarios/main.js';
const link = 'node_modules/.bin/tailrace';

if (existsSync('node_modules')) {
  chmodSync(program, 0o755);
  mkdirSync('node_modules/.bin', { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(`../../${program}`, link);
}

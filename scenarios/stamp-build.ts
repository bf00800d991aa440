/** The last step of `npm run build`: writes down beside the program what this build is called, from `dist` and nowhere else. */

import { renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BUILD_NAME_FILE, nameOfSources } from './build-name.ts';

const dist = new URL('..', import.meta.url);
const file = fileURLToPath(new URL(BUILD_NAME_FILE, dist));
// By renaming, so that whoever reads it meanwhile never gets half a name.
writeFileSync(`${file}.${process.pid}`, `${nameOfSources(fileURLToPath(new URL('..', dist)))}\n`);
renameSync(`${file}.${process.pid}`, file);

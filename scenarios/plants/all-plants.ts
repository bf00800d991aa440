/** Every wrong engine that simulations are to catch, by how: hunted with seeds, or played its one story. */

import { AVAILABILITY_PLANTS } from './availability-plants.ts';
import { CONTROL_PLANTS } from './control-plants.ts';
import { HOSTILE_PLANTS } from './hostile-plants.ts';
import { INVARIANT_PLANTS } from './invariant-plants.ts';
import { type Plant, PLANTS } from './plants.ts';
import { SECRETS_PLANTS } from './secrets-plants.ts';
import { SESSION_PLANTS } from './session-plants.ts';
import { SIDE_PLANTS } from './side-plants.ts';
import { DIRECTED_PLANTS, type DirectedPlant, STORAGE_PLANTS } from './storage-plants.ts';
import { TOKEN_PLANTS } from './token-plants.ts';
import { USAGE_PLANTS } from './usage-plants.ts';

export const ALL_HUNTED: readonly Plant[] = [
  ...PLANTS,
  ...STORAGE_PLANTS,
  ...SIDE_PLANTS,
  ...CONTROL_PLANTS,
  ...SESSION_PLANTS,
  ...INVARIANT_PLANTS,
  ...USAGE_PLANTS,
  ...SECRETS_PLANTS,
  ...TOKEN_PLANTS,
  ...HOSTILE_PLANTS,
  ...AVAILABILITY_PLANTS,
];

export const ALL_DIRECTED: readonly DirectedPlant[] = DIRECTED_PLANTS;

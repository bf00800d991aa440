import * as durability from './durability.ts';
import * as naming from './naming.ts';
import * as configuration from './configuration.ts';
import * as deletion from './deletion.ts';
import * as empty from './empty.ts';
import * as following from './following.ts';
import type { Story } from './story.ts';
export const STORIES: readonly Story[] = [
  ...Object.values(following),
  ...Object.values(empty),
  ...Object.values(deletion),
  ...Object.values(durability),
  ...Object.values(naming),
  ...Object.values(configuration),
];

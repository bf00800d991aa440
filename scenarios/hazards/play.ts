/** Plays one story: a world, a server, a client that drives the situation; equal each time. */

import { ENGINE_DEFAULTS, type EngineTunables } from '../../engine/index.ts';
import { World } from '../../sim/index.ts';
import { probeCatalogue } from '../probes.ts';
import { HazardServers } from './servers.ts';
import { Stage } from './stage.ts';
import { HazardMet, type Story } from './story.ts';

/** What holds on every stage unless the story says otherwise: nothing waits for company, nothing takes hours. */
const STAGE_TUNABLES: EngineTunables = {
  ...ENGINE_DEFAULTS,
  log: { ...ENGINE_DEFAULTS.log, lingerMs: 0, issueIntervalMs: 0, retryMsMin: 20, retryMsMax: 20 },
  patienceMs: 5_000,
  tombstoneMs: 2_000,
  emptySweepMs: 1_000,
};

/** Simulated time in which every story has to come to its end. */
const STORY_MS_MAX = 12 * 3_600_000;
const EVENTS_MAX = 500_000;

/** What is not as claimed, in a sentence; null when the claim holds. `traceLine` is told every event. */
export async function playStory(story: Story, traceLine?: (line: string) => void): Promise<string | null> {
  const world = new World({
    seed: story.name,
    profile: 'hazard',
    probes: probeCatalogue(),
    ...(traceLine !== undefined && { traceLine }),
  });
  const servers = new HazardServers(world, { ...STAGE_TUNABLES, ...story.tunables });
  servers.start('node-1');
  await world.run(() => servers.serves('node-1'));
  let isOver = false;
  let met: string | null = null;
  world.host('client', { role: 'client' }).start(async (ports) => {
    try {
      await story.play(new Stage(world, ports, servers));
    } catch (error) {
      if (!(error instanceof HazardMet)) throw error;
      met = error.message;
    }
    isOver = true;
  });
  const end = await world.run(() => isOver, { untilMs: STORY_MS_MAX, eventsMax: EVENTS_MAX });
  if (end === 'until') return met;
  const waiting = world.waiting().map(({ host, what }) => `${host} for ${what}`);
  if (world.failure !== null) return `${world.failure.host ?? 'the world'} broke down: ${world.failure.message}`;
  return `the story does not come to its end; waiting: ${waiting.join(', ')}`;
}

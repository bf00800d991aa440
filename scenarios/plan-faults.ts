/** Which faults a run has and how often, by profile: one family each for the narrow ones, everything for the swarm. */

import { type FaultSettings, QUIET } from '../sim/index.ts';
import { type Draw, SITES } from './plan-draw.ts';
import type { Profile } from './plan.ts';

type Faults = Partial<FaultSettings>;

export function drawFaults(profile: Profile, draw: Draw): FaultSettings {
  switch (profile) {
    case 'quiet':
      return QUIET;
    case 'lossy':
      return { ...QUIET, ...network(draw) };
    case 'crash':
      return { ...QUIET, nemesisTickMs: 100, ...crashes(draw) };
    case 'ambiguous':
      return { ...QUIET, ...ambiguousPuts(draw), ...ambiguousDeletes(draw), ...slowStore(draw), ...travels(draw) };
    case 'failover':
      return {
        ...QUIET,
        nemesisTickMs: 100,
        ...crashes(draw),
        ...pauses(draw),
        ...ambiguousPuts(draw),
        ...cuts(draw),
        ...slowStore(draw),
        ...lateAnswers(draw),
      };
    case 'storage':
      return storage(draw);
    case 'skew':
      return { ...QUIET, nemesisTickMs: 100, ...clocks(draw), ...crashes(draw) };
    case 'swarm':
      return swarm(draw);
  }
}

/**
 * What checkpoints and collection are afraid of: owners that stand still for longer than a takeover, a checkpoint and
 * the collection after it, publications that travel meanwhile, deletes of doubtful outcome, listings in flux.
 */
function storage(draw: Draw): FaultSettings {
  return {
    ...QUIET,
    nemesisTickMs: 500,
    ...milestones(draw),
    ...travels(draw),
    ...ambiguousDeletes(draw),
    ...lateAnswers(draw),
    putLosesReply: draw.rate('putLosesReply'),
    putTakesEffectLate: draw.rate('putTakesEffectLate'),
    listUncertain: draw.often('listUncertain'),
    listShortPage: draw.rate('listShortPage'),
    blobTenfold: draw.often('blobTenfold'),
    crash: draw.rare('crash'),
    pause: draw.rate('pause'),
    pauseAtEffect: draw.rate('pauseAtEffect'),
    pauseIsLong: [3, 4],
    lateEffectMs: [20, 500, 5_000, 30_000, 60_000],
  };
}

function swarm(draw: Draw): FaultSettings {
  const families = {
    network,
    crashes,
    ambiguousPuts,
    ambiguousDeletes,
    travels,
    lateAnswers,
    milestones,
    slowStore,
    failingReads,
    pauses,
    cuts,
    clocks,
    outages,
  };
  const faults: Faults = { nemesisTickMs: draw.pick(SITES.rate, 'tick', [100, 30, 500]) };
  for (const [name, family] of Object.entries(families)) {
    if (draw.pick(SITES.family, name, [false, true])) Object.assign(faults, family(draw));
  }
  return { ...QUIET, ...faults };
}

function network(draw: Draw): Faults {
  return {
    netTenfold: draw.rate('netTenfold'),
    netHundredfold: draw.rare('netHundredfold'),
    netRefused: draw.rate('netRefused'),
    netRequestLost: draw.rare('netRequestLost'),
    netResponseLost: draw.rare('netResponseLost'),
    netResetBefore: draw.rate('netResetBefore'),
    netResetAfter: draw.rate('netResetAfter'),
    netRequestCut: draw.rate('netRequestCut'),
    netResponseCut: draw.rate('netResponseCut'),
    netDuplicated: draw.rate('netDuplicated'),
    netSplit: draw.often('netSplit'),
  };
}

function crashes(draw: Draw): Faults {
  return { crash: draw.rate('crash'), crashAtEffect: draw.rate('crashAtEffect') };
}

function ambiguousPuts(draw: Draw): Faults {
  return {
    putFailsBefore: draw.rate('putFailsBefore'),
    putLosesReply: draw.rate('putLosesReply'),
    putTakesEffectLate: draw.rate('putTakesEffectLate'),
    putHangs: draw.rare('putHangs'),
    putConflicts: draw.rate('putConflicts'),
    putThrottled: draw.rate('putThrottled'),
    putDuplicated: draw.rate('putDuplicated'),
  };
}

function ambiguousDeletes(draw: Draw): Faults {
  return {
    deleteFailsBefore: draw.rate('deleteFailsBefore'),
    deleteLosesReply: draw.rate('deleteLosesReply'),
    deleteTakesEffectLate: draw.often('deleteTakesEffectLate'),
    deleteHangs: draw.rate('deleteHangs'),
    deleteIsPartial: draw.often('deleteIsPartial'),
    deleteDuplicated: draw.often('deleteDuplicated'),
  };
}

function travels(draw: Draw): Faults {
  return { putTravels: draw.rate('putTravels'), strikeAtDeparture: draw.often('strikeAtDeparture') };
}

function lateAnswers(draw: Draw): Faults {
  return { blobAnswersLate: draw.often('blobAnswersLate') };
}

function milestones(draw: Draw): Faults {
  return {
    crashAtMilestone: draw.rate('crashAtMilestone'),
    pauseAtMilestone: draw.rate('pauseAtMilestone'),
    pauseIsLong: draw.often('pauseIsLong'),
  };
}

function slowStore(draw: Draw): Faults {
  return { blobTenfold: draw.often('blobTenfold'), blobHundredfold: draw.rate('blobHundredfold') };
}

function failingReads(draw: Draw): Faults {
  return {
    getFails: draw.rate('getFails'),
    getShortBody: draw.rate('getShortBody'),
    getFlipsBit: draw.rare('getFlipsBit'),
    getHangs: draw.rare('getHangs'),
    listFails: draw.often('listFails'),
    listHangs: draw.rate('listHangs'),
    listUncertain: draw.often('listUncertain'),
    listShortPage: draw.often('listShortPage'),
  };
}

function pauses(draw: Draw): Faults {
  return {
    pause: draw.rate('pause'),
    pauseAtEffect: draw.rate('pauseAtEffect'),
    pauseIsLong: draw.often('pauseIsLong'),
    pauseStopsClock: draw.often('pauseStopsClock'),
  };
}

function cuts(draw: Draw): Faults {
  return { partition: draw.rate('partition') };
}

function clocks(draw: Draw): Faults {
  return { clockOffset: [1, 2], clockDrift: [1, 2], clockStep: draw.rate('clockStep') };
}

function outages(draw: Draw): Faults {
  return { outage: draw.rare('outage') };
}

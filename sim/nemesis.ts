/**
 * The one who breaks things: crashes, pauses, cuts, clock jumps and outages, as the fault settings allow.
 *
 * It acts at two kinds of moment: at looks `nemesisTickMs` apart, and right after an effect in the store,
 * before the one it belongs to hears of it. Anchors to progress survive when other things move in time. All
 * it does ends by itself, or when the world heals. Most looks come to nothing: how many do is drawn at once, so
 * that only acts are events.
 */

import type { Departure, SimBlobStore, Stalled, StoreEffect } from './blob-store.ts';
import { STORE } from './blob-store.ts';
import { REFUSALS } from './blob/refusals.ts';
import { defineSite, type Odds } from './choices.ts';
import type { WorldContext } from './context.ts';
import type { Host } from './host.ts';
import type { SimNetwork } from './network.ts';
import type { OpenSpan } from './tracks.ts';

const NEXT_ACT = defineSite('nemesis.next-act', 'at which of its next looks the nemesis acts; 0: at none of them');
const ACT = defineSite('nemesis.act', 'what it does');
const ACT_AT_COMMIT = defineSite('nemesis.act-at-commit', 'whether the nemesis acts as something comes into the log');
const CRASH_AT_EFFECT = defineSite('nemesis.crash-at-effect', 'whether the writer dies before it hears of its effect');
const CRASH_AT_MILESTONE = defineSite(
  'nemesis.crash-at-milestone',
  'whether the writer of an object beside the log, or whoever deletes one, dies before it hears of that',
);
const PAUSE_AT_MILESTONE = defineSite(
  'nemesis.pause-at-milestone',
  'whether the writer of an object beside the log, or whoever deletes one, stands still before it hears of that',
);
const STRIKE = defineSite('nemesis.strike-at-departure', 'whether the sender of a put that travels is struck');
const STRIKE_HOW = defineSite('nemesis.strike-how', 'whether it stands still for long or dies');
const DOWN_FOR = defineSite('nemesis.down-for', 'how long a crashed server stays down', 'ms');
const PAUSE_AT_EFFECT = defineSite(
  'nemesis.pause-at-effect',
  'whether the writer stands still before it hears of its effect',
);
const PAUSE_IS_LONG = defineSite('nemesis.pause-is-long', 'whether a pause is longer than a takeover');
const PAUSE_FOR = defineSite('nemesis.pause-for', 'how long a server stands still', 'ms');
const PAUSE_STOPS_CLOCK = defineSite('nemesis.pause-stops-clock', 'whether a pause stops the monotonic clock');
const STALL_AT_EFFECT = defineSite(
  'nemesis.store-stall-at-effect',
  'whether the answers of the store stand still, from the one to this effect on',
);
const STALL_OF = defineSite('nemesis.store-stall-of', 'which answers stand still');
const STALL_FOR = defineSite('nemesis.store-stall-for', 'how long answers stand still', 'ms');
const STALLS: readonly Stalled[] = ['all', 'put', 'all', 'get'];
const RIVAL = defineSite('nemesis.rival-at-stall', 'whether a server that had ended is started because of a stall');
const RIVAL_AFTER = defineSite('nemesis.rival-after', 'how soon it is started', 'ms');
const RIVAL_AFTER_MS = [20, 1, 100];
const FROM_STORE = defineSite('nemesis.partition-from-store', 'whether the cut is between a server and the store');
const ONE_WAY = defineSite('nemesis.partition-one-way', 'whether the cut is in one direction');
const DIRECTION = defineSite('nemesis.partition-direction', 'which direction is cut');
const PARTITION_FOR = defineSite('nemesis.partition-for', 'how long a link stays cut', 'ms');
const PEER = defineSite('nemesis.peer', 'who is at the other end of the cut');
const REFUSAL_IS = defineSite('nemesis.refusal-is', 'why the store refuses');
const SWIZZLE_GAP = defineSite('nemesis.swizzle-gap', 'how far apart servers lose the store and get it back', 'ms');
const SWIZZLE_ORDER = defineSite('nemesis.swizzle-order', 'who loses the store next, or gets it back');
const OUTAGE_FOR = defineSite('nemesis.outage-for', 'how long the store is out of service', 'ms');
const DAMAGE_OF = defineSite('nemesis.object-damaged-of', 'what kind of object is damaged');
const DAMAGE_FOR = defineSite('nemesis.object-damaged-for', 'how long it takes until a sound copy is put back', 'ms');
const DAMAGED_KINDS = ['wal/', 'seg/', 'ckpt/', 'meta/', 'wal/', 'format'];
const OFFSET = defineSite('nemesis.clock-offset', 'whether a wall clock is off from the start');
const OFFSET_BY = defineSite('nemesis.clock-offset-by', 'by how much a wall clock is off', 'ms');
const DRIFT = defineSite('nemesis.clock-drift', "whether a host's clocks run fast or slow");
const DRIFT_BY = defineSite('nemesis.clock-drift-by', 'how fast or slow', 'ppm');
const STEP_BY = defineSite('nemesis.clock-step-by', 'how far a wall clock jumps', 'ms');
const VICTIM = defineSite('nemesis.victim', 'which server it hits');

/** No clock is set back further: 2000-01-01T00:00:00Z. */
const WALL_MS_MIN = 946_684_800_000;

/** So many looks are drawn at once. */
const LOOKS_AHEAD = 64;
/** Weights of one draw add up to about this. */
const WEIGHT = 1 << 24;

/** What the nemesis may do at a look. */
interface Act {
  /** Per look. */
  odds: Odds;
  /** In words, for people. */
  does: string;
  strike: (victim: Host) => void;
}

export interface NemesisOptions {
  context: WorldContext;
  hosts: () => readonly Host[];
  network: SimNetwork;
  store: SimBlobStore;
}

export class Nemesis {
  readonly #o: NemesisOptions;
  readonly #context: WorldContext;
  /** Each ends something that is in force. */
  readonly #undos = new Set<() => void>();
  #acts: readonly Act[] = [];
  /** How likely each look is the next to come to something. */
  #ahead: readonly number[] = [];
  #wasStarted = false;
  #isActive = false;

  constructor(options: NemesisOptions) {
    this.#o = options;
    this.#context = options.context;
    options.store.onEffect((effect) => this.#atEffect(effect));
    options.store.onDeparture((departure) => this.#atDeparture(departure));
  }

  /** Begins to look; a second call, or one after `stop`, does nothing. */
  start(): void {
    if (this.#wasStarted) return;
    this.#wasStarted = true;
    this.#isActive = true;
    this.#acts = this.#possibleActs();
    this.#ahead = looksAhead(this.#acts);
    this.#tick();
  }

  /** A host came into the world: its clocks may be wrong from the start. */
  welcome(host: Host): void {
    if (host.role === 'server') this.#skew(host);
  }

  /** Stops for good and undoes what is in force: mended, resumed, restarted, in service, clocks steady. */
  stop(): void {
    this.#isActive = false;
    for (const undo of this.#undos) undo();
    for (const host of this.#o.hosts()) host.clocks.setDrift(0);
  }

  /** Schedules the next look that comes to something, or the end of a row of those that do not. */
  #tick(): void {
    const { choices, kernel, faults } = this.#context;
    if (!this.#isActive || faults.nemesisTickMs === 0) return;
    const look =
      this.#acts.length === 0
        ? 0
        : choices.choose(
            NEXT_ACT,
            'look',
            LOOKS_AHEAD + 1,
            this.#ahead,
            (next) => `the nemesis acts ${next * faults.nemesisTickMs} ms later`,
          );
    const looks = look === 0 ? LOOKS_AHEAD : look;
    kernel.after(looks * faults.nemesisTickMs * 1000, null, 'nemesis', '', () => {
      if (!this.#isActive) return;
      if (look !== 0) this.#act();
      this.#tick();
    });
  }

  #act(): void {
    const { choices } = this.#context;
    const servers = this.#servers();
    if (servers.length === 0) return;
    const weights = this.#acts.map(({ odds }) => Math.round((odds[0] / odds[1]) * WEIGHT));
    const act =
      this.#acts[
        choices.choose(ACT, 'look', weights.length, weights, (index) => `the nemesis ${this.#acts[index]!.does}`)
      ]!;
    act.strike(choices.pick(VICTIM, 'look', servers));
  }

  /** What may happen at a look. */
  #possibleActs(): Act[] {
    const { faults } = this.#context;
    const acts: Act[] = [
      { odds: faults.crash, does: 'crashes a server', strike: (host) => this.#crash(host) },
      { odds: faults.pause, does: 'makes a server stand still', strike: (host) => this.#pause(host) },
      { odds: faults.storeStall, does: 'holds back answers of the store', strike: (host) => this.#stall(host) },
      { odds: faults.partition, does: 'cuts a link', strike: (host) => this.#cut(host) },
      { odds: faults.swizzle, does: 'takes the store from one server after another', strike: () => this.#swizzle() },
      { odds: faults.outage, does: 'puts the store out of service', strike: () => this.#outage() },
      { odds: faults.refusal, does: 'makes the store refuse', strike: () => this.#refuse() },
      { odds: faults.clockStep, does: 'makes a wall clock jump', strike: (host) => this.#stepClock(host) },
      { odds: faults.objectDamaged, does: 'damages an object in the store', strike: () => this.#damage() },
    ];
    return acts.filter(({ odds }) => odds[0] > 0);
  }

  #atEffect(effect: StoreEffect): void {
    const host = this.#sender(effect);
    if (host === null) return;
    const { choices, faults, kernel, probes } = this.#context;
    if (effect.key.startsWith('wal/') && choices.chance(ACT_AT_COMMIT, host.name, faults.actAtCommit)) {
      probes.reachable('fault.act-at-commit');
      // An event of its own, before the one whose effect it is hears of it.
      kernel.after(0, null, 'nemesis.at-commit', host.name, () => {
        if (this.#isActive && this.#acts.length > 0) this.#act();
      });
    }
    const isMilestone = effect.kind === 'delete' || !effect.key.startsWith('wal/');
    if (isMilestone && choices.chance(CRASH_AT_MILESTONE, host.name, faults.crashAtMilestone)) {
      probes.reachable('fault.host.crash-at-milestone');
      this.#crash(host);
    } else if (isMilestone && choices.chance(PAUSE_AT_MILESTONE, host.name, faults.pauseAtMilestone)) {
      probes.reachable('fault.pause.at-milestone');
      this.#pause(host);
    } else if (choices.chance(CRASH_AT_EFFECT, host.name, faults.crashAtEffect)) {
      probes.reachable('fault.host.crash-at-effect');
      this.#crash(host);
    } else if (choices.chance(PAUSE_AT_EFFECT, host.name, faults.pauseAtEffect)) {
      this.#pause(host);
    } else if (choices.chance(STALL_AT_EFFECT, host.name, faults.storeStallAtEffect)) {
      this.#stall(host);
    }
  }

  /** What travels for long is dangerous when its sender is gone, or wakes up in a world that went on. */
  #atDeparture(departure: Departure): void {
    const host = this.#sender(departure);
    if (host === null) return;
    const { choices, faults, probes } = this.#context;
    if (!choices.chance(STRIKE, host.name, faults.strikeAtDeparture)) return;
    const pauses = choices.choose(STRIKE_HOW, host.name, 2, undefined, () => 'dies, as its put travels') === 0;
    // An event of its own: a crash comes between two events, never inside one of the host's.
    this.#context.kernel.after(0, null, 'nemesis.strike', host.name, () => {
      if (!this.#isActive || !host.isAlive(departure.generation)) return;
      probes.reachable('fault.host.struck-at-departure');
      if (pauses) this.#pause(host, true);
      else this.#crash(host);
    });
  }

  /** The server that asked for it, if the process that did still lives. */
  #sender({ host: name, generation }: Departure): Host | null {
    if (!this.#isActive) return null;
    const host = this.#servers().find((server) => server.name === name);
    return host === undefined || !host.isAlive(generation) ? null : host;
  }

  #crash(host: Host): void {
    if (!host.isUp) return;
    const { choices, faults, probes } = this.#context;
    probes.sometimes('fault.host.crash-with-puts-in-flight', this.#o.store.mutationsInFlight(host) > 0);
    const downMs = choices.pick(DOWN_FOR, host.name, faults.downMs);
    host.crash();
    this.#for(downMs, 'nemesis.restart', host.name, `down ${host.name}`, 'bad', () => {
      if (!host.isUp) host.restart();
    });
  }

  #pause(host: Host, mustBeLong = false): void {
    if (host.state !== 'running') return;
    const { choices, faults, probes } = this.#context;
    const isLong = mustBeLong || choices.chance(PAUSE_IS_LONG, host.name, faults.pauseIsLong);
    const forMs = choices.pick(PAUSE_FOR, host.name, isLong ? faults.pauseLongMs : faults.pauseShortMs);
    const stopsClock = choices.chance(PAUSE_STOPS_CLOCK, host.name, faults.pauseStopsClock);
    probes.reachable(isLong ? 'fault.pause.long' : 'fault.pause.short');
    probes.sometimes('fault.pause.clock-stopped', stopsClock);
    probes.sometimes('fault.pause.with-puts-in-flight', this.#o.store.mutationsInFlight(host) > 0);
    const { generation } = host;
    host.pause({ stopsClock });
    this.#for(forMs, 'nemesis.resume', host.name, `pause ${host.name}`, 'warn', () => {
      // The process may have died meanwhile, and another be in a pause of its own.
      if (host.generation !== generation) return;
      if (host.state === 'paused') probes.watermarks.reach('longest.pause-survived-ms', forMs);
      host.resume();
    });
    if (isLong) this.#summonRivalOf(host);
  }

  /** The server goes on and hears nothing of the store: others may take over meanwhile, and it can not know. */
  #stall(host: Host): void {
    const { store } = this.#o;
    if (host.state !== 'running' || store.isStalled(host)) return;
    const { choices, faults, probes } = this.#context;
    const verbs = choices.pick(STALL_OF, host.name, STALLS);
    const forMs = choices.pick(STALL_FOR, host.name, faults.storeStallMs);
    probes.reachable('fault.store.answers-stalled');
    const { generation } = host;
    store.stall(host, verbs);
    this.#for(forMs, 'nemesis.stall-over', host.name, `answers to ${host.name} stalled`, 'warn', () => {
      store.endStall(host);
      if (host.isAlive(generation)) probes.watermarks.reach('longest.stall-survived-ms', forMs);
    });
    this.#summonRivalOf(host);
  }

  /** An operator who sees a server stand still starts another one. */
  #summonRivalOf(host: Host): void {
    const { choices, faults, kernel, probes } = this.#context;
    const ended = this.#servers().filter((other) => other !== host && other.hasEnded);
    const [rival] = ended;
    if (rival === undefined || !choices.chance(RIVAL, host.name, faults.rivalAtStall)) return;
    const afterMs = choices.pick(RIVAL_AFTER, host.name, RIVAL_AFTER_MS);
    kernel.after(afterMs * 1000, null, 'nemesis.rival', rival.name, () => {
      if (!this.#isActive || rival.isUp) return;
      probes.reachable('fault.rival-at-stall');
      rival.restart();
    });
  }

  #cut(host: Host): void {
    const { choices, faults, probes } = this.#context;
    const peers = this.#o.hosts().filter((other) => other !== host);
    const isFromStore = peers.length === 0 || choices.chance(FROM_STORE, host.name, faults.partitionIsFromStore);
    const peer = isFromStore ? STORE : choices.pick(PEER, host.name, peers).name;
    const forMs = choices.pick(PARTITION_FOR, host.name, faults.partitionMs);
    const isOneWay = choices.chance(ONE_WAY, host.name, faults.partitionIsOneWay);
    const isOutward =
      !isOneWay ||
      choices.choose(
        DIRECTION,
        host.name,
        2,
        undefined,
        () => 'what comes to it is cut off, what it sends gets through',
      ) === 0;
    const isInward = !isOneWay || !isOutward;
    const ways: (readonly [string, string])[] = [];
    if (isOutward) ways.push([host.name, peer]);
    if (isInward) ways.push([peer, host.name]);
    // A way that is cut already is somebody else's to mend.
    const cut = ways.filter(([from, to]) => !this.#o.network.isCut(from, to));
    if (cut.length === 0) return;
    probes.reachable(isOneWay ? 'fault.partition.one-way' : 'fault.partition.two-way');
    probes.sometimes('fault.partition.from-store', isFromStore);
    for (const [from, to] of cut) this.#o.network.cut(from, to);
    const arrow = isOneWay ? (isOutward ? '→' : '←') : '↔';
    this.#for(forMs, 'nemesis.mend', host.name, `cut ${host.name} ${arrow} ${peer}`, 'warn', () => {
      for (const [from, to] of cut) this.#o.network.mend(from, to);
    });
  }

  /** One by one, and back in another order (FoundationDB's name for it): each one's view of the others is old in its own way. */
  #swizzle(): void {
    const { choices, faults, kernel, probes } = this.#context;
    const gapMs = choices.pick(SWIZZLE_GAP, STORE, faults.partitionMs);
    const losing = this.#shuffled(this.#servers());
    const regaining = this.#shuffled(losing);
    probes.reachable('fault.swizzle');
    for (const [index, host] of losing.entries()) {
      const gaps = losing.length - index + regaining.indexOf(host);
      kernel.after(index * gapMs * 1000, null, 'nemesis.swizzle', host.name, () => {
        if (this.#isActive) this.#cutFromStore(host, gaps * gapMs);
      });
    }
  }

  #cutFromStore(host: Host, forMs: number): void {
    const { network } = this.#o;
    const ways = [[host.name, STORE] as const, [STORE, host.name] as const];
    const cut = ways.filter(([from, to]) => !network.isCut(from, to));
    for (const [from, to] of cut) network.cut(from, to);
    this.#for(forMs, 'nemesis.mend', host.name, `cut ${host.name} ↔ ${STORE}`, 'warn', () => {
      for (const [from, to] of cut) network.mend(from, to);
    });
  }

  #shuffled(hosts: readonly Host[]): Host[] {
    const left = [...hosts];
    const { choices } = this.#context;
    return hosts.map(() => left.splice(choices.choose(SWIZZLE_ORDER, STORE, left.length), 1)[0]!);
  }

  #outage(): void {
    if (this.#o.store.isOut) return;
    const { choices, faults, probes } = this.#context;
    probes.reachable('fault.store.outage');
    this.#o.store.setOutage(true);
    const forMs = choices.pick(OUTAGE_FOR, STORE, faults.outageMs);
    this.#for(forMs, 'nemesis.service', STORE, 'store out of service', 'bad', () => this.#o.store.setOutage(false));
  }

  #refuse(): void {
    const { store } = this.#o;
    if (store.refusal !== null) return;
    const { choices, faults } = this.#context;
    const refusal = choices.pick(REFUSAL_IS, STORE, REFUSALS);
    store.setRefusal(refusal);
    const forMs = choices.pick(OUTAGE_FOR, STORE, faults.outageMs);
    this.#for(forMs, 'nemesis.accepts', STORE, `store refuses: ${refusal}`, 'bad', () => store.setRefusal(null));
  }

  /** Somebody puts a sound copy back after a while, as the message of whoever met the damage asks for. */
  #damage(): void {
    const { choices, faults } = this.#context;
    const { damage } = this.#o.store;
    const key = damage.strike(choices.pick(DAMAGE_OF, STORE, DAMAGED_KINDS));
    if (key === null) return;
    const forMs = choices.pick(DAMAGE_FOR, STORE, faults.damageMs);
    this.#for(forMs, 'nemesis.restore', key, `damage ${key}`, 'bad', () => damage.mend(key));
  }

  #skew(host: Host): void {
    const { choices, faults, probes } = this.#context;
    if (choices.chance(OFFSET, host.name, faults.clockOffset)) {
      host.clocks.stepWall(choices.pick(OFFSET_BY, host.name, faults.clockOffsetMs));
      probes.reachable('fault.clock.offset');
    }
    if (choices.chance(DRIFT, host.name, faults.clockDrift)) {
      host.clocks.setDrift(choices.pick(DRIFT_BY, host.name, faults.clockDriftPpm));
      probes.reachable('fault.clock.drift');
    }
  }

  #stepClock(host: Host): void {
    const { choices, faults, probes, trace, tracks } = this.#context;
    const byMs = choices.pick(STEP_BY, host.name, faults.clockStepMs);
    if (host.clocks.wallMs() + byMs < WALL_MS_MIN) return;
    trace.note(host.name, 'clock-step', byMs);
    tracks.point('faults', `clock of ${host.name} ${byMs > 0 ? '+' : ''}${byMs} ms`, 'warn');
    probes.reachable(byMs < 0 ? 'fault.clock.step-back' : 'fault.clock.step-forward');
    host.clocks.stepWall(byMs);
  }

  /** Something is in force for a while; `undo` runs once, when the time is over or the world heals. */
  #for(ms: number, kind: string, detail: string, label: string, tone: 'warn' | 'bad', undo: () => void): void {
    const { kernel, tracks } = this.#context;
    const span: OpenSpan | null = tracks.open('faults', label, tone);
    const end = (): void => {
      this.#undos.delete(end);
      kernel.cancel(handle);
      tracks.close(span);
      undo();
    };
    const handle = kernel.after(ms * 1000, null, kind, detail, end);
    this.#undos.add(end);
  }

  #servers(): Host[] {
    return this.#o.hosts().filter((host) => host.role === 'server');
  }
}

/** Weights of "the first look that comes to something is the n-th", and at 0 of "none of them does". */
function looksAhead(acts: readonly Act[]): number[] {
  let quiet = 1;
  for (const { odds } of acts) quiet *= 1 - odds[0] / odds[1];
  const weights = [0];
  let rest = 1;
  for (let look = 1; look <= LOOKS_AHEAD; look++) {
    weights.push(Math.round(rest * (1 - quiet) * WEIGHT));
    rest *= quiet;
  }
  weights[0] = Math.max(1, Math.round(rest * WEIGHT));
  return weights;
}

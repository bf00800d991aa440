/**
 * Makes everything that is not simulated throw while an event runs: real clocks, dice, timers, input and
 * output, the thread pool, the locale. In the events of a host that has stand-ins, those answer instead.
 *
 * The wrappers are put in place once per process and look at one flag, which the kernel raises when an event
 * begins and lowers when its reactions are over; with the flag down they only pass through, so that test
 * runners and harnesses work as ever. Names that were imported from built-in modules before are caught too.
 * A reference to a function that somebody stored before is not: the linter has to see those.
 */

import { syncBuiltinESMExports } from 'node:module';
import type { EventGuard, GuardedHost } from './kernel.ts';
import { AMBIENT_CLASSES, AMBIENT_FUNCTIONS, type AmbientFunction } from './guard/ambient.ts';

/** Code inside the world reached for something outside it. */
export class GuardError extends Error {
  override readonly name = 'GuardError';
}

export interface Guard extends EventGuard {
  readonly isRaised: boolean;
}

/** A guard that guards nothing. */
export const NO_GUARD: EventGuard = Object.freeze({ raise: () => {}, lower: () => {} });

/**
 * Under this name the process keeps its one guard. Wrapping built-ins changes the process, not a world, so the
 * guard belongs to the process: a second copy of this module must find it instead of wrapping the wrappers.
 */
const PROCESS_GUARD = Symbol.for('tailrace.sim.guard');

/** The process's guard, flag down; puts the wrappers in place at the first call. */
export function installGuard(): Guard {
  const home = globalThis as { [PROCESS_GUARD]?: Guard };
  const existing = home[PROCESS_GUARD];
  if (existing !== undefined) return existing;
  const guard = new ProcessGuard();
  Object.defineProperty(home, PROCESS_GUARD, { value: guard });
  const inPlaceOf: InPlaceOf = (what, instead) => {
    if (!guard.isRaised) return undefined;
    const standIn = guard.host?.standIns?.get(what);
    if (standIn === undefined && instead !== null) {
      throw new GuardError(`${what} inside a simulated event: ${instead}`);
    }
    return standIn;
  };
  for (const ambient of AMBIENT_FUNCTIONS()) wrapFunction(ambient, inPlaceOf);
  for (const ambient of AMBIENT_CLASSES()) wrapClass(ambient, inPlaceOf);
  syncBuiltinESMExports();
  return guard;
}

class ProcessGuard implements Guard {
  isRaised = false;
  /** Whose event it is. */
  host: GuardedHost | null = null;

  raise(host: GuardedHost | null): void {
    this.host = host;
    this.isRaised = true;
  }

  lower(): void {
    this.isRaised = false;
    this.host = null;
  }
}

/** What is to be called in place of an ambient function; undefined lets the call through. Throws a GuardError. */
type InPlaceOf = (what: string, instead: string | null) => ((...args: never[]) => unknown) | undefined;

function wrapFunction({ home, key, what, instead, when }: AmbientFunction, inPlaceOf: InPlaceOf): void {
  const slot = currentSlot(home, key);
  // A Node version that lacks the function, or an object that refuses to be changed, has nothing to guard.
  if (slot === undefined || typeof slot.value !== 'function' || slot.configurable !== true) return;
  const original = slot.value as (...args: unknown[]) => unknown;
  const wrapper = new Proxy(original, {
    apply(target, self, args: unknown[]) {
      const other = when === undefined || when(args) ? inPlaceOf(what, instead) : undefined;
      return other === undefined ? (Reflect.apply(target, self, args) as unknown) : other(...(args as never[]));
    },
    construct(target, args: unknown[], newTarget) {
      const other = when === undefined || when(args) ? inPlaceOf(what, instead) : undefined;
      if (other === undefined) return Reflect.construct(target, args, newTarget) as object;
      return Reflect.construct(other, args) as object;
    },
  });
  Object.defineProperty(home, key, { ...slot, value: wrapper });
}

/** The property as data: some globals are made by a getter when they are first asked for. */
function currentSlot(home: object, key: string): PropertyDescriptor | undefined {
  const slot = Object.getOwnPropertyDescriptor(home, key);
  if (home !== globalThis || slot?.get === undefined) return slot;
  const value = (home as Record<string, unknown>)[key];
  return { value, writable: true, configurable: slot.configurable === true, enumerable: slot.enumerable === true };
}

/** As for functions, and `instance.constructor` is guarded as well. */
function wrapClass(ambient: AmbientFunction, inPlaceOf: InPlaceOf): void {
  wrapFunction(ambient, inPlaceOf);
  const wrapper = (ambient.home as Record<string, unknown>)[ambient.key] as { prototype?: object } | undefined;
  if (wrapper?.prototype === undefined) return;
  const slot = Object.getOwnPropertyDescriptor(wrapper.prototype, 'constructor');
  if (slot?.configurable === true) Object.defineProperty(wrapper.prototype, 'constructor', { ...slot, value: wrapper });
}

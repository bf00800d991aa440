/**
 * Claims the engine makes about itself. A false one is a bug, never an operating error: nothing catches it,
 * it ends the process in production and fails the run in the simulator.
 */

export class InvariantError extends Error {
  override name = 'InvariantError';
}

export function assert(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new InvariantError(claim);
}

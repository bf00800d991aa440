/**
 * The rare situations for which the protocol has its rules. A search that never reaches one says nothing about that
 * rule, so the walk counts them and the tests demand every one.
 */

export const SITUATIONS = [
  'acknowledgement by a former owner',
  'own slot collected before its reply',
  'late data in a collected slot',
  'late put in a void slot',
  'stale fence in a collected slot',
  'publication moved during a takeover',
  'published checkpoint collected under a taker',
  'data far behind an empty slot',
  'listing that missed the newest publication',
  'pages of the loaded checkpoint distrusted',
  'publication that comes after a newer one',
  'loss left indefinite for a publication',
  'probe that met data of the next owner',
  'EDIT between a checkpoint and its INSTALL',
  'replay from a checkpoint meets its own INSTALL',
] as const;

export type Situation = (typeof SITUATIONS)[number];

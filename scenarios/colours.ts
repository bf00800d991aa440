/** Colours for people: on a terminal, and nowhere else, whatever the environment claims of a log. */

import pc from 'picocolors';

export const { green, red } = pc.createColors(pc.isColorSupported && process.stdout.isTTY === true);

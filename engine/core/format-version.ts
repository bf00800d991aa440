/**
 * The one number that says which bytes a store holds: in the marker `format` and in every binary object. Any change of
 * the bytes, or of what they mean, raises it. A build writes one version and reads all from the oldest that it knows.
 *
 * How a change is made, step by step: docs/FORMAT.md, "How the format is changed".
 */

export const FORMAT_VERSION = 6;

/** Objects and stores of this version and of those between are read as they are; what is written anew is of the newest. */
export const FORMAT_VERSION_OLDEST = 4;

/** The first whose roots have access tokens behind everything else. */
export const FORMAT_VERSION_OF_TOKENS = 5;

/** The first that numbers the turns of the history of usage, notes days, and bounds the notes of all basins together. */
export const FORMAT_VERSION_OF_TURNS = 6;

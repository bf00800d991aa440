/**
 * The one number that says which bytes a store holds: in the marker `format` and in every binary object. Any change of
 * the bytes, or of what they mean, raises it, and a build reads the one version it writes.
 *
 * How a change is made, step by step: docs/FORMAT.md, "How the format is changed".
 */

export const FORMAT_VERSION = 4;

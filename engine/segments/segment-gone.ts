/**
 * A listed segment is not in the store: its reader lost the ownership and does not know it yet, and the new owner has
 * collected the object (storage reference §4.12). The read ends with a retryable error, never with a gap.
 */

export class SegmentGone extends Error {
  override name = 'SegmentGone';
  /** The object that is not there. */
  readonly key: string;

  constructor(key: string) {
    super(
      `${key} is gone. Repeat the read: another server owns the store now and has replaced it; or it was deleted by ` +
        'hand, then put back a sound copy of it',
    );
    this.key = key;
  }
}

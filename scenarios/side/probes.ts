/** What the side streams of a run went through, with the sentence of each probe. */

export const SIDE_PROBES = {
  'side.written': 'a run had side streams, and an append to one was acknowledged',
  'side.trim-backwards': 'a trim below an earlier one was acknowledged',
  'side.trim-in-doubt': 'a trim ended without a known outcome, or at a server that is not the owner',
  'side.read-over-trim': 'a read began below where a trim went that took place meanwhile',
  'side.recreated': 'a name was created again after its deletion',
  'side.deletion-in-doubt': 'a deletion ended without a known outcome',
  'side.append-met-deletion': 'an append and the deletion of its stream were under way at once',
  'side.append-after-empty': 'an append came to a stream that had been empty for long enough to be deleted',
  'side.cursor-outlived': 'a reader went on with the number of a stream that had been deleted and created again',
  'side.read-second-life': 'a read returned records of a stream that was created again',
  'side.read-by-timestamp': 'a read by timestamp returned records, and not from the first one on',
  'side.expired': 'a read found records gone that only their age can have removed',
  'side.all-expired': 'after healing, everything that was old enough was gone',
  'side.poll-empty': 'a read waited at the tail until its time was over',
  'side.poll-answered': 'a read that would have waited at the tail returned records',
  'side.read-went-on': 'a read went on where the limit of the one before had cut',
  'side.empty-kept': 'a stream was empty for its age and stayed, because deletion on empty had been switched off',
  'side.followed': 'a follower of a side stream was shown records',
  'side.followed-second-life': 'a follower was shown records of a stream that was created again',
  'side.follower-met-deletion': 'a follower that had records was told that its stream goes',
  'side.limit-resumed': 'a session with a limit went on by the id of its last event',
  'side.session-outlived': 'an append session was refused what it sent after its stream was deleted and created again',
  'side.retired': 'a name was left alone because too much of it was in doubt',
} as const;
export type SideProbe = keyof typeof SIDE_PROBES;

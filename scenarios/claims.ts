/**
 * What must hold whenever a run looks. A claim is a probe of the kind `always`: it counts how often it was held against what had
 * happened, and fails the run that breaks it. One that a sweep never came to look at has shown nothing, so all are required.
 */

export const CLAIMS = {
  'always.linearizable': 'what clients were told until now can be explained by one order',
  'always.specified': 'what a server answers is what the specification allows',
  'always.sound-store': 'what is put and deleted in the store keeps to the storage protocol',
  'always.bytes-let-go': 'at rest no engine holds bytes of appends that are not durable',
  'always.calls-ended': 'at rest no call is open',
  'always.memory-accounted-for': 'what an owner at rest holds of chunks is what is in no segment',
  'always.litter-collected': 'an owner whom nobody disturbs leaves nothing behind that nobody needs',
  'always.recoverable': 'a server can start from the store as it was',
  'always.one-state': 'an owner and those who start from its store have one state',
  'always.rest-granted': 'a server does not put again before its store wants to be asked',
  'always.strangers-left-alone': 'no server deletes an object that is not ours and not in the way',
  'always.unfit-store-unopened': 'no server opens a store that ignores conditions',
  'always.silent-in-the-dark': 'a server that can not know the answer does not give one',
  'always.moved-record-refused': 'a sealed record that was moved about in a copy of the store does not open',
  'always.sealed-unreadable': 'no object has a plaintext or a key of an encrypted stream in it',
  'always.token-unreadable': 'no object has the secret of a token in it',
  'always.root-admitted': 'the root token is never refused',
} as const;

export function isClaim(name: string): name is keyof typeof CLAIMS {
  return name in CLAIMS;
}

/** What clients that are the official SDK can tell has happened. Apart from them, because they are loaded only when needed. */

export const SDK_PROBES = {
  'sdk.append-retried': 'the official SDK sent an append again, which certainly had had no effect',
  'sdk.tail-retried': 'the official SDK asked for the tail again by itself',
  'sdk.gave-up': 'the official SDK ran out of time with an operation',
  'sdk.session-resumed': 'a read session of the official SDK went on over another connection',
  'sdk.session-failed': 'a read session of the official SDK ended in an error',
  'sdk.append-session-retried': 'an append session of the official SDK sent a batch again',
  'sdk.append-session-failed': 'an append session of the official SDK ended in an error',
} as const;

export type SdkProbe = keyof typeof SDK_PROBES;

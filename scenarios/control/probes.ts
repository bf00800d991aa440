/** What the control plane of a run went through, with the sentence of each probe. Every race that is meant to happen is required. */

export const CONTROL_PROBES = {
  'control.creations-raced': 'two creations of one name were under way at once, and one of them made it',
  'control.repeated': 'a creation sent again with its token was answered like the first',
  'control.repeated-later': 'a creation was repeated after the configuration it made had been changed',
  'control.token-elsewhere': 'a token came with another configuration than the first time, and was refused',
  'control.created-again': 'a name was created again after its deletion',
  'control.creation-met-deletion': 'a name could not be created because it was being deleted',
  'control.change-met-append': 'the configuration of a stream was changed while an append to it was under way',
  'control.change-met-birth': 'what creates streams in a basin was changed while an append or a read might make one',
  'control.change-met-creation': "a basin's defaults were changed while a stream was created in it",
  'control.deletion-met-append': 'a stream or its basin was deleted while an append to it was under way',
  'control.deletion-met-change': 'a stream or basin was deleted while its configuration was changed',
  'control.listed-doomed': 'a listing showed what was being deleted',
  'control.listing-met-change': 'names came or went while a listing was under way',
  'control.page-full': 'a page of a listing had more behind it',
  'control.cleared': 'a part of a configuration was cleared',
  'control.timestamp-required': 'an append without a timestamp was refused by the configuration in force',
  'control.key-missing':
    'an append or a read without a key was refused, because the basin made its stream with a cipher',
  'control.cipher-kept': 'a stream was shown with another cipher than its basin had then',
  'control.creation-in-doubt': 'a creation ended without a known outcome',
  'control.change-in-doubt': 'a change of a configuration ended without a known outcome',
  'control.deletion-in-doubt': 'a deletion ended without a known outcome',
  'control.retired': 'a group of names was left alone because too much of it was in doubt',
  'control.audited': 'after healing everything was read and nothing was left being deleted',
} as const;
export type ControlProbe = keyof typeof CONTROL_PROBES;

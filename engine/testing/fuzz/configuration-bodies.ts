/**
 * Good bodies of requests that configure: basins and streams to create, to ensure and to change, and the small bodies of
 * locations and access tokens. Every field of a configuration is absent, null or a value, as PATCH tells them apart.
 */

import fc from 'fast-check';

import { CIPHERS, STORAGE_CLASSES, TIMESTAMPING_MODES } from '../../core/config.ts';
import { anyNumber } from '../codec-values.ts';

/** Each field absent, null or one of its values. */
function threeValued(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> {
  const orNull = Object.entries(fields).map(([name, value]) => [name, fc.option(value, { freq: 3 })] as const);
  return fc.record(Object.fromEntries(orNull), { requiredKeys: [] });
}

const anyStreamConfig = threeValued({
  storage_class: fc.constantFrom(...STORAGE_CLASSES),
  retention_policy: fc.oneof(
    anyNumber.map((age) => ({ age })),
    fc.constant({ infinite: {} }),
  ),
  timestamping: threeValued({ mode: fc.constantFrom(...TIMESTAMPING_MODES), uncapped: fc.boolean() }),
  delete_on_empty: threeValued({ min_age_secs: anyNumber }),
});

const anyBasinConfig = threeValued({
  default_stream_config: anyStreamConfig,
  stream_cipher: fc.constantFrom(...CIPHERS),
  create_stream_on_append: fc.boolean(),
  create_stream_on_read: fc.boolean(),
});

/** JSON as it is sent: what a PATCH has bare, a creation has under `config`, beside the name. */
export const anyConfigurationBody: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 4, arbitrary: anyStreamConfig },
    { weight: 4, arbitrary: anyBasinConfig },
    { weight: 2, arbitrary: fc.record({ stream: fc.constant('s'), config: anyStreamConfig }) },
    {
      weight: 2,
      arbitrary: fc.record(
        { basin: fc.constant('basin-01'), config: anyBasinConfig, location: fc.constant('local') },
        { requiredKeys: ['basin'] },
      ),
    },
    fc.constant('local'),
    fc.record({ id: fc.constant('token'), scope: fc.constant({ ops: ['read'] }) }),
  )
  .map((body) => JSON.stringify(body));

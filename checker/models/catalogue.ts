/**
 * The shipped models by name, with the shape of what may stand in a file: which operations there are, which fields
 * each has. A field holds a number, a string, a boolean or null.
 */

import type { Model } from '../wgl/model.ts';
import { fencingLockModel } from './fencing-lock.ts';
import { keyValueModel } from './key-value.ts';
import { queueModel } from './queue.ts';
import { casRegisterModel, registerModel, type Value } from './register.ts';
import { setModel } from './set.ts';

export interface CatalogueEntry {
  readonly model: Model<unknown, never, never>;
  /** By operation: its fields beside `op`. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
  /** The model of an object that holds something at first, where that can be said. */
  readonly from?: (initial: Value) => Model<unknown, never, never>;
}

const REGISTER = { read: [], write: ['value'] };

export const MODELS: Readonly<Record<string, CatalogueEntry>> = {
  register: { model: registerModel() as never, fields: REGISTER, from: (initial) => registerModel(initial) as never },
  'cas-register': {
    model: casRegisterModel() as never,
    fields: { ...REGISTER, cas: ['from', 'to'] },
    from: (initial) => casRegisterModel(initial) as never,
  },
  'key-value': {
    model: keyValueModel() as never,
    fields: { get: ['key'], put: ['key', 'value'], append: ['key', 'value'] },
  },
  set: { model: setModel() as never, fields: { add: ['value'], remove: ['value'], contains: ['value'], read: [] } },
  queue: { model: queueModel() as never, fields: { enqueue: ['value'], dequeue: [] } },
  'fencing-lock': {
    model: fencingLockModel() as never,
    fields: { acquire: ['owner'], release: ['token'], use: ['token'] },
  },
};

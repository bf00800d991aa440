/**
 * The shipped models by name, with the shape of what may stand in a file: which operations there are, what each field of
 * them may be, and what they may be answered with. Numbers are integers within 2^53-1, of which no two are one.
 */

import type { Model } from '../wgl/model.ts';
import { fencingLockModel } from './fencing-lock.ts';
import { keyValueModel } from './key-value.ts';
import { BOOLEAN, INTEGER, type Kind, listOf, NULL, oneOf, STRING } from './kinds.ts';
import { queueModel } from './queue.ts';
import { casRegisterModel, registerModel, type Value } from './register.ts';
import { setModel } from './set.ts';

export interface CatalogueEntry {
  readonly model: Model<unknown, never, never>;
  readonly operations: Readonly<Record<string, OperationShape>>;
  /** The model of an object that holds something at first, where that can be said. */
  readonly from?: (initial: Value) => Model<unknown, never, never>;
}

interface OperationShape {
  /** Those beside `op`. */
  readonly fields: Readonly<Record<string, Kind>>;
  /** The value of an outcome `ok`. */
  readonly answer: Kind;
}

const VALUE = oneOf(INTEGER, STRING, BOOLEAN, NULL);
const ITEM = oneOf(INTEGER, STRING);
const REGISTER = { read: { fields: {}, answer: VALUE }, write: { fields: { value: VALUE }, answer: NULL } };
const PUT = { fields: { key: STRING, value: STRING }, answer: NULL };
const CHANGE = { fields: { value: ITEM }, answer: oneOf(BOOLEAN, NULL) };
const WITH_TOKEN = { fields: { token: INTEGER }, answer: BOOLEAN };

export const MODELS: Readonly<Record<string, CatalogueEntry>> = {
  register: {
    model: registerModel() as never,
    operations: REGISTER,
    from: (initial) => registerModel(initial) as never,
  },
  'cas-register': {
    model: casRegisterModel() as never,
    operations: { ...REGISTER, cas: { fields: { from: VALUE, to: VALUE }, answer: BOOLEAN } },
    from: (initial) => casRegisterModel(initial) as never,
  },
  'key-value': {
    model: keyValueModel() as never,
    operations: { get: { fields: { key: STRING }, answer: STRING }, put: PUT, append: PUT },
  },
  set: {
    model: setModel() as never,
    operations: {
      add: CHANGE,
      remove: CHANGE,
      contains: { fields: { value: ITEM }, answer: BOOLEAN },
      read: { fields: {}, answer: listOf(ITEM) },
    },
  },
  queue: {
    model: queueModel() as never,
    operations: {
      enqueue: { fields: { value: ITEM }, answer: NULL },
      dequeue: { fields: {}, answer: oneOf(INTEGER, STRING, NULL) },
    },
  },
  'fencing-lock': {
    model: fencingLockModel() as never,
    operations: {
      acquire: { fields: { owner: STRING }, answer: oneOf(INTEGER, NULL) },
      release: WITH_TOKEN,
      use: WITH_TOKEN,
    },
  },
};

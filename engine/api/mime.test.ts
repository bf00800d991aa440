/** Content negotiation (API contract §1.5): which protocol and which encodings a request's headers choose. */

import { describe, expect, test } from 'vitest';

import { appendProtocol, hasJsonType, readProtocol } from './mime.ts';

const headers = (type: string | null, accept: string | null = null) =>
  new Map(
    Object.entries({ 'content-type': type, accept }).filter((entry): entry is [string, string] => entry[1] !== null),
  );

const unary = (sent: string, wanted: string) => ({ kind: 'unary', sent, wanted });

describe('an append', () => {
  test.each([
    [null, null, unary('json', 'json')],
    ['application/json', '*/*', unary('json', 'json')],
    ['application/json', 'application/protobuf', unary('json', 'protobuf')],
    ['application/protobuf', null, unary('protobuf', 'json')],
    ['application/protobuf', 'application/protobuf', unary('protobuf', 'protobuf')],
    ['application/x-protobuf', 'application/x-protobuf', unary('protobuf', 'protobuf')],
    ['Application/X-Protobuf; v=1', 'APPLICATION/PROTOBUF;q=0.1', unary('protobuf', 'protobuf')],
    ['application/protobuf, application/json', 'application/protobuf, */*', unary('protobuf', 'protobuf')],
    ['application/json, application/protobuf', '*/*, application/protobuf', unary('json', 'json')],
    ['nonsense', 'nonsense', unary('json', 'json')],
    ['', '', unary('json', 'json')],
    ['text/event-stream', 'text/event-stream', unary('json', 'json')],
    ['application/protobuf+x', 'application/protobufs', unary('json', 'json')],
    ['s2s/proto', 'application/protobuf', { kind: 'session' }],
    ['S2S/Proto; v=1', null, { kind: 'session' }],
    ['application/json, s2s/proto', 's2s/proto', unary('json', 'json')],
  ])('of %j that accepts %j is %j', (type, accept, expected) => {
    expect(appendProtocol(headers(type, accept))).toEqual(expected);
  });
});

describe('a read', () => {
  test.each([
    [null, null, { kind: 'unary', wanted: 'json' }],
    [null, 'application/protobuf', { kind: 'unary', wanted: 'protobuf' }],
    ['application/protobuf', null, { kind: 'unary', wanted: 'json' }],
    [null, 'text/event-stream', { kind: 'events' }],
    [null, 'Text/Event-Stream; charset=utf-8, */*', { kind: 'events' }],
    [null, '*/*, text/event-stream', { kind: 'unary', wanted: 'json' }],
    ['s2s/proto', 'application/protobuf', { kind: 'session' }],
    ['s2s/proto', 'text/event-stream', { kind: 'session' }],
    [null, 's2s/proto', { kind: 'unary', wanted: 'json' }],
  ])('with type %j that accepts %j is %j', (type, accept, expected) => {
    expect(readProtocol(headers(type, accept))).toEqual(expected);
  });
});

describe('a JSON body', () => {
  test.each([
    ['application/json', true],
    ['Application/JSON ; charset=utf-8', true],
    ['application/vnd.api+json', true],
    ['application/json, text/plain', true],
    ['text/plain, application/json', false],
    ['text/json', false],
    ['application/jsonx', false],
    ['application/+json', false],
    ['json', false],
    [null, false],
  ])('of type %j: %j', (type, expected) => {
    expect(hasJsonType(headers(type))).toBe(expected);
  });
});

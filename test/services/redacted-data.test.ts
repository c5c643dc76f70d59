import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { failureOf, RestError } from '../../services/errors.ts';
import { redactedData } from '../../services/redacted-data.ts';
import { hideSecrets } from '../../services/redaction.ts';
import { canaries } from '../support/canary/samples.ts';
import { searchFor } from '../support/canary/search.ts';

hideSecrets(canaries);
const leaksIn = searchFor(canaries);

test('an error, its stack, its causes and what they carry show no secret (C1)', () => {
  const [token = '', key = ''] = canaries;
  const system = Object.assign(new Error(`getaddrinfo ENOTFOUND ${token.toLowerCase()}`), {
    code: 'ENOTFOUND',
    hostname: token.toLowerCase(),
    request: { headers: { 'x-auth-token': token } },
  });
  const all = new AggregateError([system, new Error(Buffer.from(key).toString('base64'))], 'two');
  const cause = new TypeError('fetch failed', { cause: all });
  const error = new RestError('network', `no connection to ${encodeURIComponent(key)}`, { cause });
  expect(leaksIn(inspect(error, { depth: 10, showHidden: true }))).toEqual([]);
  expect(inspect(error, { depth: 10 })).toMatch(/fetch failed[^]*ENOTFOUND \*\*\*/);
  expect(error.cause).toBeInstanceOf(TypeError);
  expect(failureOf(system)).toEqual({ name: 'Error', code: 'ENOTFOUND', message: 'getaddrinfo ENOTFOUND ***' });
  expect(failureOf(`thrown ${token}`).message).toBe('thrown ***');
});

test('what shows no secret keeps its identity: errors, causes and data', () => {
  const cause = new Error('plain', { cause: { a: [1] } });
  expect(new RestError('network', 'x', { cause }).cause).toBe(cause);
  const data = { type: 'online', list: ['a', { b: null }], at: new Date(0) };
  expect(redactedData(data)).toBe(data);
  const cyclic: { self?: unknown; text: string } = { text: canaries[0] ?? '' };
  cyclic.self = cyclic;
  expect(redactedData(cyclic)).toMatchObject({ text: '***' });
});

class Sensor {
  readonly #pin = 4;
  readonly address: string;
  readonly options: Map<unknown, unknown>;
  owner: unknown = undefined;
  constructor(address: string, options: Map<unknown, unknown> = new Map()) {
    this.address = address;
    this.options = options;
  }
  pin(): number {
    return this.#pin;
  }
}

test('Maps, Sets, URLs and instances of classes show no secret, wherever it stands in them (C1)', () => {
  const [token = '', key = ''] = canaries;
  const symbol = Symbol('token');
  for (const value of [
    new Map([['token', token]]),
    new Map([[token, { a: 1 }]]),
    new Map([[{ token }, new Set([[key]])]]),
    new Set([1, token]),
    new URL(`https://host.example/?token=${encodeURIComponent(token)}`),
    new URLSearchParams({ token, [key]: 'b' }),
    new Headers({ 'x-auth-token': token }),
    new Request('https://host.example/', { headers: { 'x-auth-token': token } }),
    new Request(`https://host.example/?token=${token}`),
    new Response('', { headers: { 'x-auth-token': token } }),
    new Sensor(token),
    new Sensor('дом 1', new Map([['key', key]])),
    { sensors: [new Sensor('a'), new Sensor(`b ${token}`)] },
    new Error('about', { cause: new Sensor(token) }),
    Object.assign(new Sensor('a'), { [symbol]: token }),
    Object.defineProperty(new Sensor('a'), 'hidden', { value: token }),
    Object.assign(Object.create(null) as object, { token }),
  ]) {
    const shown = redactedData(value);
    expect(leaksIn(inspect(shown, { depth: 20, showHidden: true }))).toEqual([]);
    expect(inspect(shown, { depth: 20, showHidden: true })).toContain('***');
  }
  const shown = redactedData({ clean: new Sensor('a'), other: new Sensor(token), map: new Map([['a', token]]) });
  expect(shown.clean.pin()).toBe(4);
  expect(shown.other).toBeInstanceOf(Sensor);
  expect(shown.map).toEqual(new Map([['a', '***']]));
});

class Lamp {
  on = true;
  subscribe = ['brightness'];
  token: string;
  constructor(token: string) {
    this.token = token;
  }
}

test('what is named as the methods of an emitter, and is none, hides no secret from the search (C1)', () => {
  expect(redactedData({ lamp: new Lamp(canaries[0] ?? '') })).toEqual({ lamp: new Lamp('***') });
});

test('addresses and headers keep what is no secret', () => {
  const [token = ''] = canaries;
  const headers = { accept: 'text/html', 'x-auth-token': token };
  expect([...redactedData(new Headers(headers))]).toEqual([
    ['accept', 'text/html'],
    ['x-auth-token', '***'],
  ]);
  expect(String(redactedData(new URLSearchParams({ a: 'б 1', token })))).toBe('a=%D0%B1+1&token=***');
  const { url, headers: shown } = redactedData(new Request('https://host.example/a?b=1', { headers }));
  expect([url, shown.get('accept'), shown.get('x-auth-token')]).toEqual([
    'https://host.example/a?b=1',
    'text/html',
    '***',
  ]);
  const clean = new Request('https://host.example/');
  expect(redactedData(clean)).toBe(clean);
});

test('a getter that throws costs its own value alone, and hides nothing else from the search (C1)', () => {
  const throwing = {
    get broken(): never {
      throw new Error('not now');
    },
  };
  const given = Object.defineProperties(
    { token: canaries[0] ?? '', kept: 1 },
    Object.getOwnPropertyDescriptors(throwing),
  );
  expect(redactedData(given)).toEqual({ token: '***', kept: 1, broken: '(unreadable)' });
  expect(redactedData(throwing)).toBe(throwing);
  const { proxy, revoke } = Proxy.revocable({ token: canaries[0] ?? '' }, {});
  revoke();
  expect(redactedData({ proxy, token: canaries[0] ?? '' })).toEqual({ proxy: '(unreadable)', token: '***' });
  expect(redactedData(proxy)).toBe('(unreadable)');
});

test('cycles stay what they are, with a secret and without', () => {
  const clean = new Sensor('a');
  clean.owner = { sensors: new Set([clean]), all: [clean, clean] };
  expect(redactedData(clean)).toBe(clean);
  const dirty = new Sensor(canaries[0] ?? '');
  dirty.owner = { sensors: new Map([['first', dirty]]) };
  const shown = redactedData(dirty);
  expect(shown.address).toBe('***');
  expect((shown.owner as { sensors: Map<string, Sensor> }).sensors.get('first')).toBe(shown);
});

test('what is at work is not looked through, so that nobody gets half of it', () => {
  const emitter = Object.assign(new EventTarget(), { token: canaries[0] ?? '' });
  const bytes = Buffer.from(canaries[0] ?? '');
  const actor = createActor(createMachine({ context: { token: canaries[0] ?? '' } }));
  const given = { emitter, bytes, actor, text: 'a' };
  expect(redactedData(given)).toBe(given);
});

test('the nodes of a chart, to which a snapshot leads, are no data', () => {
  const nested = (levels: number): object => (levels === 0 ? {} : { initial: 'a', states: { a: nested(levels - 1) } });
  const actor = createActor(createMachine({ initial: 'off', states: { off: {}, on: nested(12) } })).start();
  const given = { type: 'xstate.snapshot.chart', snapshot: actor.getSnapshot() };
  expect(redactedData(given)).toBe(given);
});

test('no getter is called to see whether something is at work', () => {
  let reads = 0;
  class Pin {
    token = canaries[0] ?? '';
    get on(): boolean {
      reads += 1;
      return true;
    }
  }
  expect(redactedData(new Pin()).token).toBe('***');
  expect(reads).toBe(0);
});

test('what is nested too deeply to be looked through is left out: data, causes and cycles (C1)', () => {
  const secret = canaries[0] ?? '';
  const nested = (levels: number, inner: unknown): unknown =>
    levels === 0 ? inner : levels % 2 === 0 ? [nested(levels - 1, inner)] : { in: nested(levels - 1, inner) };
  for (const levels of [7, 8, 9, 10, 30]) {
    expect(leaksIn(JSON.stringify(redactedData(nested(levels, { secret, list: [secret] })))), `${levels}`).toEqual([]);
    expect(leaksIn(JSON.stringify(redactedData(nested(levels, secret)))), `${levels}`).toEqual([]);
  }
  expect(JSON.stringify(redactedData(nested(30, secret)))).toMatch(
    /^(\[|\{"in":){9}"\(nested too deeply to be shown\)"[\]}]{9}$/,
  );
  let error = new Error(`about ${secret}`);
  for (let level = 0; level < 12; level += 1) error = new Error(`level ${level}`, { cause: error });
  const shown = redactedData(error);
  expect(leaksIn(inspect(shown, { depth: 20, showHidden: true }))).toEqual([]);
  expect(shown.message).toBe('level 11');
  const cyclic: { self?: unknown; text: string } = { text: secret };
  cyclic.self = cyclic;
  expect(leaksIn(inspect(redactedData(cyclic), { depth: 20 }))).toEqual([]);
  const fine = nested(8, 'a text');
  expect(redactedData(fine)).toBe(fine);
});

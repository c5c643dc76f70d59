import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { parseEnv } from '../../services/env.ts';
import { failureOf, RestError } from '../../services/errors.ts';
import { redactedData } from '../../services/redacted-data.ts';
import { hideSecrets, redacted } from '../../services/redaction.ts';
import { formsOf, searchFor } from '../support/canary/search.ts';
import { envDocument, tokenOf } from '../support/documents.ts';

const canaries = [
  'eyJhbGciOiJIUzI1NiJ9.eyJ1dWlkIjoiY2FuYXJ5In0.q8-_Zc4nArYsIgNaTuReOfToKeN',
  'K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=',
  'Пароль "до́м"\\ 🔑\tkey',
  'pässwörd%41 100%+1',
];
hideSecrets(canaries);
const leaksIn = searchFor(canaries);

test('the search finds each form of each secret', () => {
  for (const secret of canaries) {
    for (const [encoding, form] of formsOf(secret)) {
      expect(leaksIn(`before ${form} after`).length, `${encoding} ${form}`).toBeGreaterThan(0);
    }
  }
});

test('a text shows no secret, in whatever form, and the rest of it as it was (C1)', () => {
  for (const secret of canaries) {
    for (const [encoding, form] of formsOf(secret)) {
      const shown = redacted(`before ${form} after`);
      expect(leaksIn(shown), encoding).toEqual([]);
      expect(shown, encoding).toMatch(/^before \S*\*\*\*\S* after$/);
    }
    for (const strange of [
      JSON.stringify(JSON.stringify({ secret })),
      encodeURIComponent(encodeURIComponent(secret)),
      encodeURIComponent(JSON.stringify(secret)),
      secret.toUpperCase(),
      JSON.stringify(secret).replaceAll(/[^ -~]/gu, (character) =>
        [...Array(character.length).keys()]
          .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
          .join(''),
      ),
    ]) {
      expect(redacted(`before ${strange} after`), strange).toContain('***');
      expect(leaksIn(redacted(`before ${strange} after`))).toEqual([]);
    }
  }
});

test('base64 of a whole that has a secret in it shows nothing of that, wherever it stands (C1)', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 9 }), fc.uint8Array({ maxLength: 9 }), (before, after) => {
      for (const secret of canaries) {
        const whole = Buffer.concat([before, Buffer.from(secret), after]);
        for (const encoding of ['base64', 'base64url'] as const) {
          const shown = redacted(`header ${whole.toString(encoding)}`);
          expect(leaksIn(shown)).toEqual([]);
          expect(shown).toContain('***');
        }
      }
    }),
  );
});

test('each part of a token is hidden by itself, and its host name in lower case', () => {
  const [token = ''] = canaries;
  for (const part of token.split('.')) expect(redacted(`part ${part}.`)).toBe('part ***.');
  expect(redacted(`getaddrinfo ENOTFOUND ${token.toLowerCase()}`)).toBe('getaddrinfo ENOTFOUND ***');
});

test('of secrets that begin alike the longest that fits is hidden, and no more than that', () => {
  hideSecrets(['beginning-alike', 'beginning-alike-and-longer', 'beginning-other']);
  expect(redacted('<beginning-alike-and-longer> <beginning-alike-and-more> <beginning-other>')).toBe(
    '<***> <***-and-more> <***>',
  );
  expect(redacted('<beginning-> <beginning-alik>')).toBe('<beginning-> <beginning-alik>');
});

test('any other text stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      fc.pre(!text.includes('@'));
      expect(redacted(text)).toBe(text);
    }),
    { numRuns: 1000 },
  );
  for (const text of ['100% \\done', 'mail to a@b.example', 'a\\u0041%41', 'İstanbul', ''])
    expect(redacted(text)).toBe(text);
});

test('the user and password of any URL are left out', () => {
  expect(redacted('to https://user:pass@host.example/a?b=c@d')).toBe('to https://***@host.example/a?b=c@d');
  expect(redacted('mqtts://key@host')).toBe('mqtts://***@host');
});

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

test('a secret of less than eight characters stays, as it may be a part of any word', () => {
  hideSecrets(['switch', '1234567']);
  expect(redacted('the switch is on, 1234567')).toBe('the switch is on, 1234567');
  hideSecrets(['12345678']);
  expect(redacted('1234567, 12345678')).toBe('1234567, ***');
});

test('whoever reads an env hides its secrets, also of one that can not be used (C1)', () => {
  const document = envDocument({ PUC_WIFI_PASS: 'a wifi canary', PU_SECRET_KEY: 'a key canary', PU_MQTT_HOST: '' });
  expect(() => parseEnv(document)).toThrow('PU_MQTT_HOST');
  expect(redacted(`a wifi canary and a key canary and ${tokenOf()}`)).toBe('*** and *** and ***');
});

/** A token in three parts, and two other secrets. */
const secretsOf = (unit: number): string[] => {
  const part = (name: string) => Buffer.from(`${name} of unit ${unit}`).toString('base64url');
  return [`${part('head')}.${part('claims')}.${part('signature')}`, `a secret of ${unit}`, `a key of ${unit}`];
};

test('the secrets of each of thousands of units in a process stay hidden (C1)', () => {
  for (let unit = 0; unit < 2_000; unit += 1) hideSecrets(secretsOf(unit));
  for (const unit of [0, 999, 1_999]) expect(redacted(secretsOf(unit).join(' '))).toBe('*** *** ***');
});

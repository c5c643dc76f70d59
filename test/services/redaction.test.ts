import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseEnv } from '../../services/env.ts';
import { hideSecrets, redacted } from '../../services/redaction.ts';
import { canaries } from '../support/canary/samples.ts';
import { formsOf, searchFor } from '../support/canary/search.ts';
import { envDocument, tokenOf } from '../support/documents.ts';

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

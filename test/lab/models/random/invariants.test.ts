import { expect, test } from 'vitest';
import { settle } from '../../../../app/testing/settle.ts';
import { LogLevel } from '../../../../services/log.ts';
import { createInvariants } from './invariants.ts';
import { firstSecrets } from './secrets.ts';
import { createSubject, type Subject } from './subject.ts';

const { PUC_WIFI_PASS: secret } = firstSecrets;

/** What breaks a promise, and what is said of it. */
const breaks: Readonly<Record<string, readonly [act: (subject: Subject) => unknown, why: string]>> = {
  'a secret on the console': [
    ({ world }) => world.console.write({ level: LogLevel.Info, text: `pass ${secret}` }),
    'the console shows a secret',
  ],
  'a secret in a message': [({ publish }) => publish(secret, 0), 'a message shows a secret'],
  'a secret in an event': [({ shown }) => shown.push(secret), 'an event shows a secret'],
  'a secret in a record': [
    ({ world }) => world.storage.documents.set('.pepeunit/link.json', JSON.stringify({ secret })),
    '.pepeunit/link.json shows a secret',
  ],
  'a torn document': [({ world }) => world.storage.documents.set('schema.json', '{'), 'schema.json is no JSON'],
  'an env without its token': [({ world }) => world.storage.documents.set('env.json', '{}'), 'env.json has no token'],
  'two downloads at once': [
    ({ flights, world }) => {
      world.http.delay('getEnv', 1_000);
      const target = { baseUrl: 'https://simulated.test', token: '', unitUuid: '' };
      for (let call = 0; call < 2; call += 1) void flights.http.getEnv(target);
    },
    'twice at a time: getEnv',
  ],
  'a line that repeats': [
    ({ world }) => {
      for (let line = 0; line < 4; line += 1) world.console.write({ level: LogLevel.Warning, text: 'it rains' });
    },
    'the log says 4 times in a minute: it rains',
  ],
};

test.each(Object.entries(breaks))('the walks notice %s', async (_, [act, why]) => {
  const subject = createSubject();
  await settle();
  const { check } = createInvariants(subject);
  check();
  await act(subject);
  await settle();
  expect(check).toThrow(why);
});

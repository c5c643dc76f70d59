import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { createSettings, type SettingsRequests } from '../../../app/client/api/settings.ts';
import { parseEnv } from '../../../services/env.ts';
import { envDocument, tokenOf, unitUuid } from '../../support/documents.ts';

const nothing = async (): Promise<void> => undefined;
const requests = { load: nothing, update: nothing, save: nothing };

/** Settings whose object the app holds from the start. */
const held = <TEnv extends object>(given: SettingsRequests = requests) => {
  const { settings, adopt } = createSettings<TEnv>(given);
  return { settings: settings(), adopt };
};

test('has the defaults before env.json is loaded', () => {
  const { settings } = held();
  expect(settings.PU_MQTT_PORT).toBe(1883);
  expect(settings.unitUuid).toBe('');
});

test("has each variable by its name, the developer's own too", () => {
  const { settings, adopt } = held<{ DELAY: number }>();
  adopt(parseEnv(envDocument({ DELAY: 5, PU_MQTT_PORT: '1884' })));
  expect(settings.DELAY).toBe(5);
  expect(settings.PU_MQTT_PORT).toBe(1884);
  expect(settings.unitUuid).toBe(unitUuid);
  adopt(parseEnv(envDocument()));
  expect(settings.DELAY).toBeUndefined();
});

test('has the newest env, whenever the app first asks for it, and is one object', () => {
  const { settings, adopt } = createSettings<{ DELAY: number; OLD: number }>(requests);
  adopt(parseEnv(envDocument({ OLD: 1 })));
  adopt(parseEnv(envDocument({ DELAY: 5 })));
  const first = settings();
  expect([first.DELAY, first.OLD, first.unitUuid]).toEqual([5, undefined, unitUuid]);
  adopt(parseEnv(envDocument({ DELAY: 6 })));
  expect(settings()).toBe(first);
  expect(first.DELAY).toBe(6);
});

test('a variable that is called like a member changes no member (C8)', async () => {
  let loads = 0;
  const { settings, adopt } = held({ ...requests, load: async () => void (loads += 1) });
  adopt(parseEnv(envDocument({ loadFromFile: 'mine', unitUuid: 'mine', get: 'mine', save: 'mine', toString: 'mine' })));
  await settings.loadFromFile();
  expect(loads).toBe(1);
  expect(settings.unitUuid).toBe(unitUuid);
  expect(settings.get('loadFromFile')).toBe('mine');
  expect(settings.get('hasOwnProperty')).toBeUndefined();
});

test('secrets are read by name, and show nowhere else (C1)', () => {
  const { settings, adopt } = held();
  adopt(parseEnv(envDocument({ PUC_WIFI_PASS: 'wifi-canary', WIFI_PASS: 'wifi-canary-of-old' })));
  expect(settings.PU_AUTH_TOKEN).toBe(tokenOf());
  for (const shown of [inspect(settings, { depth: 9 }), JSON.stringify(settings), JSON.stringify({ ...settings })]) {
    expect(shown).not.toContain(tokenOf());
    expect(shown).not.toContain('wifi-canary');
  }
});

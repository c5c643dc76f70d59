import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tokenOf, unitUuid } from '../../support/documents.ts';
import { diagnose, startClinic, testRows, wifiPass, type Clinic, type Row } from '../../support/doctored-unit.ts';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic();
});
afterAll(() => clinic.stop());

const withEnvText = (change: (text: string) => string) => (given: Clinic) => ({
  'env.json': change(JSON.stringify(given.env, undefined, 2)),
});

const ofNetwork = ['broker name', 'broker login', 'topics', 'REST', 'clock', 'version'];

const rows: readonly Row[] = [
  {
    what: 'no env.json',
    files: () => ({ 'env.json': undefined }),
    check: 'env.json',
    says: /env\.json does not exist/,
    helps: /Download the unit's env/,
    skips: ['variables', 'token', 'settings', ...ofNetwork],
  },
  {
    what: 'an env.json with a comma too many',
    files: withEnvText((text) => text.replace(/\n\}$/, ',\n}')),
    check: 'env.json',
    says: /not JSON: line \d+, column 1: .*a comma too many/,
    helps: /Correct it there/,
    skips: ofNetwork,
  },
  {
    what: 'an env.json with single quotes, and a secret right there',
    files: withEnvText((text) => text.replace(/"PUC_WIFI_PASS": (".*")/, `"PUC_WIFI_PASS": '${wifiPass}'`)),
    check: 'env.json',
    says: /line \d+, column 20: texts need straight double quotes/,
    helps: /Correct it there/,
  },
  {
    what: 'an env.json that was cut off',
    files: withEnvText((text) => text.slice(0, text.length / 2)),
    check: 'env.json',
    says: /line \d+, column \d+: .*(ends too early|no end in its line)/,
    helps: /Download the unit's env/,
  },
  {
    what: 'an empty env.json',
    files: () => ({ 'env.json': '' }),
    check: 'env.json',
    says: /line 1, column 1: the text ends too early/,
    helps: /Download the unit's env/,
  },
  {
    what: 'an env.json that is a list',
    files: () => ({ 'env.json': '[]' }),
    check: 'env.json',
    says: /no JSON object/,
    helps: /Download the unit's env/,
  },
  {
    what: 'a port that is a word',
    env: () => ({ PU_MQTT_PORT: 'mqtt' }),
    check: 'variables',
    says: /PU_MQTT_PORT must be a whole number from 1 to 65535/,
    helps: /Correct it in the unit's env/,
    skips: ofNetwork,
  },
  {
    what: 'no broker',
    env: () => ({ PU_MQTT_HOST: '' }),
    check: 'variables',
    says: /PU_MQTT_HOST is missing/,
    helps: /broker's host/,
    skips: ofNetwork,
  },
  {
    what: 'a domain with scheme and password',
    env: ({ token }) => ({ PU_DOMAIN: `http://me:${token}@unit.test/` }),
    check: 'variables',
    says: /PU_DOMAIN must be a host/,
    helps: /Correct it in the unit's env/,
  },
  {
    what: 'a variable whose default stands in',
    env: () => ({ PU_STATE_SEND_INTERVAL: [300] }),
    check: 'variables',
    says: /PU_STATE_SEND_INTERVAL must be a whole number/,
    helps: /the default of PU_STATE_SEND_INTERVAL is in force/,
    result: 'warning',
  },
  {
    what: 'no token',
    env: () => ({ PU_AUTH_TOKEN: '' }),
    check: 'token',
    says: /PU_AUTH_TOKEN is missing/,
    helps: /Download the unit's env/,
    skips: ['schema owner', 'broker login', 'topics', 'REST', 'version'],
  },
  {
    what: 'a token that is none',
    env: () => ({ PU_AUTH_TOKEN: 'secret-but-no-token' }),
    check: 'token',
    says: /no JWT/,
    helps: /Download the unit's env/,
  },
  {
    what: 'a token with a line end in it',
    env: ({ token }) => ({ PU_AUTH_TOKEN: `${token}\n` }),
    check: 'token',
    says: /spaces, line ends/,
    helps: /Download the unit's env/,
  },
  {
    what: 'a token without a UUID',
    env: () => ({ PU_AUTH_TOKEN: tokenOf('{"type":"Unit"}') }),
    check: 'token',
    says: /no UUID/,
    helps: /Download the unit's env/,
  },
  {
    what: 'the token of a user',
    env: () => ({ PU_AUTH_TOKEN: tokenOf(JSON.stringify({ uuid: unitUuid, type: 'User' })) }),
    check: 'token',
    says: /not the token of a unit/,
    helps: /Download the unit's env/,
  },
  {
    what: 'a token that has expired',
    env: () => ({ PU_AUTH_TOKEN: tokenOf(JSON.stringify({ uuid: unitUuid, type: 'Unit', exp: 1_600_000_000 })) }),
    check: 'token',
    says: /has expired, at 2020-09-13T12:26:40/,
    helps: /Download the unit's env/,
  },
  {
    what: 'a variable of env_example.json that is missing',
    files: () => ({ 'env_example.json': '{"SPEED":1,"LIMIT":2}' }),
    check: 'settings',
    says: /env\.json lacks LIMIT, which env_example\.json has/,
    helps: /Set it in the unit's env on the instance/,
  },
  {
    what: 'a variable of another kind than in env_example.json',
    env: () => ({ SPEED: 'fast' }),
    check: 'settings',
    says: /SPEED is a string, not a number/,
    helps: /Correct it in the env/,
    result: 'warning',
  },
];

testRows(() => clinic, rows);

test('an env.json that others can read', async () => {
  const folder = await clinic.patient();
  await chmod(join(folder, 'env.json'), 0o644);
  const { code, first } = await diagnose(folder, clinic.env);
  expect(code).toBe(0);
  expect(first).toMatchObject({ check: 'env.json', result: 'warning', remedy: 'Run chmod 600 on it.' });
  expect(first?.detail).toMatch(/Other users of this machine .* \(mode 0644\)/);
});

test('no folder, and a file in its place', async () => {
  const folder = await clinic.patient();
  const missing = await diagnose(join(folder, 'nowhere'), {});
  expect(missing.first).toMatchObject({ check: 'folder', result: 'failed' });
  expect(missing.first?.detail).toMatch(/There is no folder .*nowhere/);
  expect(missing.code).toBe(1);
  expect(missing.of('broker login')).toMatchObject({ result: 'skipped', detail: 'needs folder first' });
  const file = await diagnose(join(folder, 'env.json'), clinic.env);
  expect(file.first?.detail).toMatch(/env\.json is no folder/);
});

test('an env.json that is a folder', async () => {
  const folder = await clinic.patient({}, { 'env.json': undefined });
  await mkdir(join(folder, 'env.json'));
  const { code, first } = await diagnose(folder, {});
  expect(code).toBe(1);
  expect(first).toMatchObject({ check: 'env.json', result: 'failed' });
  expect(first?.detail).toMatch(/env\.json is no file/);
});
